; Code in compatibility mode at CPL 3 that ends the run: 32-bit (case 0), 16-bit (case 1). RBX = 1 and
; RCX = 2, and the upper halves are left as 64-bit code set them.
%include "common.inc"
    bits 64
    org 0x10000
    load_tables
    mov rbx, -1
    mov r8, -1
    select_case bits_32, bits_16
%macro enter_compatibility 1
    push DATA_3 | 3
    push STACK_3
    push 0x202
    push CODE_32 | 3
    push %1
    iretq
%endmacro
bits_32:
    enter_compatibility .user
    bits 32
.user:
    mov ebx, 1
    mov ecx, 2
    mov dword [EXIT_PAGE], 7
    mov ebx, 3
    mov [EXIT_PAGE], eax
    bits 64
bits_16:
    and byte [abs table_gdt + CODE_32 + 6], 0xbf
    enter_compatibility .user
    bits 16
.user:
    mov bx, 1
    mov cx, 2
    mov word [dword EXIT_PAGE], 7
    bits 64
    report_vector
    tables

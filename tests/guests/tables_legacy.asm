; Leaves long mode for 32-bit paging, with its tables at ROOT. Then, each time: stores EAX to EDX unless
; that is 0, and loads EBX from EDI.
%include "common.inc"
    bits 64
    org 0x10000
ROOT equ 0x9000
LINEAR equ 0x40000000
    load_tables
    push CODE_K32
    push legacy
    retfq
    bits 32
legacy:
    mov ax, DATA_3 | 3
    mov ds, ax
    mov eax, cr0
    and eax, 0x7fffffff
    mov cr0, eax
    mov ecx, 0xc0000080
    rdmsr
    and eax, ~0x100             ; EFER.LME
    wrmsr
    mov eax, cr4
    and eax, ~0x20              ; PAE
    or eax, 0x10                ; PSE
    mov cr4, eax
    mov eax, ROOT
    mov cr3, eax
    mov eax, cr0
    or eax, 0x80000000
    mov cr0, eax
    xor edx, edx
    mov edi, LINEAR
again:
    test edx, edx
    jz .load
    mov [edx], eax
.load:
    mov ebx, [edi]
    mov dword [EXIT_PAGE], 0
    jmp again
on_vector:
    jmp on_vector
    bits 64
    tables

; IRETs of 64-bit code. Of those that fault, the vector, the error code and whether RIP is theirs.
%include "common.inc"
%include "report.inc"
TABLES equ 0x200000             ; PML4, PDPT, PD: pages of 2 MiB, the third of them not present.
    bits 64
    org 0x10000
    load_tables
    mov eax, DATA_0
    mov ss, ax

; %1 RIP, %2 CS
%macro push_frame 2
    push DATA_0
    push STACK_0
    push 2
    push %2
    mov rax, %1
    push rax
%endmacro

; Goes on behind it with RBX = where the fault is to be.
%macro faulting 0
    mov ebx, %%at
    mov ebp, %%behind
%%at:
    iretq
%%behind:
    mov esp, STACK_0
%endmacro

    sub esp, 20
    mov dword [rsp], .returned
    mov dword [rsp + 4], CODE_0
    mov dword [rsp + 8], 2
    mov dword [rsp + 12], STACK_0
    mov dword [rsp + 16], DATA_0
    iretd
.returned:
    report esp
    mov eax, cs
    report_eax
    mov eax, ss
    report_eax
    push_frame 0x800000000000, CODE_0
    faulting
    push_frame .returned, 0x78
    faulting

    mov qword [abs TABLES], (TABLES + 0x1000) | 7
    mov qword [abs TABLES + 0x1000], (TABLES + 0x2000) | 7
    mov edi, TABLES + 0x2000
    mov eax, 0x87
.page:
    mov [rdi], rax
    add rdi, 8
    add eax, 0x200000
    cmp eax, 0x1000087
    jne .page
    mov qword [abs TABLES + 0x2010], 0
    mov eax, TABLES
    mov cr3, rax
    mov esp, 0x400000 - 24
    mov qword [rsp], .returned
    mov qword [rsp + 8], CODE_0
    mov qword [rsp + 16], 2
    faulting
    mov esp, 0x400000 - 24
    mov qword [rsp + 8], 0x78
    faulting
    hlt

; The faults all have an error code.
on_vector:
    report_eax
    pop rax
    report_eax
    xor eax, eax
    cmp rbx, [rsp]
    sete al
    report_eax
    jmp rbp
    tables

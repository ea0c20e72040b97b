; Single steps: what each trap's frame has and what DR6 shows, at CPL 3 and CPL 0. The handlers
; change RAX, so the program does not use it.
%include "common.inc"
%include "report.inc"
    bits 64
    org 0x10000
    load_tables
    mov ecx, 0xc0000081
    mov edx, CODE_0
    xor eax, eax
    wrmsr
    mov ecx, 0xc0000082
    mov eax, kernel
    xor edx, edx
    wrmsr
    mov ecx, 0xc0000084
    mov eax, 0x100                      ; SYSCALL clears TF.
    wrmsr
    push DATA_3 | 3
    push 0x60000
    push 0x302
    push CODE_3 | 3
    push user
    iretq
user:
    nop
    mov eax, 5
    cpuid                               ; An exit: the trap comes after the next instruction.
    nop
    int 0x40
    nop
    mov r8, ss
    mov ss, r8w                         ; Holds the trap back for an instruction.
    nop
    syscall                             ; No trap: TF is clear behind it.
kernel:
    pushfq                              ; On the user's stack.
    pop rax
    and eax, 0x100
    report_eax
    ; Instructions that the library carries out, but that do not exit.
    mov rsp, STACK_0
    mov rbx, cr0
    pushfq
    or qword [rsp], 0x100
    popfq
    mov cr0, rbx
    mov r8, dr7
    mov r8, cr4
    mov cr4, r8
    smsw r8w
    ; The client answers the OUT with an interrupt.
    out REPORT_PORT, eax
    nop
    jmp $

on_vector:
    report_eax
    mov rax, [rsp]
    sub rax, user
    report_eax
    mov rax, dr6
    and eax, 0x4000
    report_eax
    mov rax, 0xffff0ff0
    mov dr6, rax
    report [rsp + 16]
    iretq
    tables

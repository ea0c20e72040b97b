; SYSENTER, SYSEXIT, SYSCALL and SYSRET between CPL 0 and CPL 3, in 64-bit and compatibility mode.
; Each arrival at CPL 0 reports where it is from; each event, its vector, error code and CS.
%include "common.inc"
%include "report.inc"
    bits 64
    org 0x10000

%macro wrmsr_32 2
    mov ecx, %1
    mov eax, %2
    xor edx, edx
    wrmsr
%endmacro

; Goes to `label` at CPL 3 in compatibility mode.
%macro enter_compatible 1
    push DATA_3 | 3
    push 0x60000
    push 0x202
    push CODE_32 | 3
    push %1
    iretq
%endmacro

    load_tables
    mov r15, no_target
    enter_user user_no_target
user_no_target:
    sysenter                    ; #GP: SYSENTER_CS is 0.
no_target:
    wrmsr_32 0x174, CODE_0
    wrmsr_32 0x175, 0x50000
    wrmsr_32 0x176, entered
    mov edx, CODE_32 << 16 | CODE_0
    mov ecx, 0xc0000081
    xor eax, eax
    wrmsr
    wrmsr_32 0xc0000082, called
    wrmsr_32 0xc0000084, 0x200  ; Interrupts off.
    mov r14, 1
    enter_user user_64
user_64:
    sysenter
back_64:
    mov r15, .refused
    mov edx, 0
    sysexit                     ; #GP at CPL 3.
.refused:
    enter_user user_call
user_call:
    syscall
back_call:
    mov r14, 2
    enter_by_interrupt:
    mov r15, .compatible
    int 0x40
.compatible:
    enter_compatible user_32
    bits 32
user_32:
    sysenter
back_32:
    mov eax, cs
    int 0x41                    ; Whose frame shows CS and SS.
call_32:
    syscall                     ; #UD: Intel has it in 64-bit code only.
    bits 64

; Goes back to 64-bit code with SYSEXIT, or, the second time, to compatibility mode.
entered:
    mov r8, rsp
    pushfq
    pop r9
    mov eax, cs
    report_eax
    mov eax, ss
    report_eax
    mov eax, r8d
    report_eax
    mov eax, r9d
    and eax, 0x200
    report_eax
    mov ecx, 0x61000
    cmp r14, 2
    je .compatible
    mov rdx, back_64
    db 0x48
    sysexit
.compatible:
    mov edx, back_32
    mov r15, call_64_off
    sysexit

called:
    mov eax, cs
    report_eax
    mov eax, ss
    report_eax
    mov rax, rcx
    sub rax, user_call
    report_eax                  ; 2
    mov eax, r11d
    and eax, 0x200
    report_eax
    pushfq
    pop rax
    and eax, 0x200
    report_eax
    db 0x48
    sysret

call_64_off:
    mov r15, .user
    enter_compatible call_32
.user:
    mov ecx, 0xc0000080
    rdmsr
    and eax, ~1
    wrmsr
    mov r15, .end
    syscall                     ; #UD without EFER.SCE.
.end:
    mov r15, .exit
    xor edx, edx
    mov rdx, 1 << 63
    mov rcx, 0x61000
    db 0x48
    sysexit                     ; #GP: not canonical.
.exit:
    report 0xfffe

on_vector:
    mov ebx, eax
    report_eax
    mov eax, 0x27d00
    bt eax, ebx
    jnc .frame
    pop rax
    report_eax
.frame:
    report [rsp + 8]
    report [rsp + 24]
    report [rsp + 32]
    mov rsp, STACK_0
    jmp r15
    tables

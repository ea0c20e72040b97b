; Runs cases of one instruction each (tests/oracle/cases.h): loads a state, jumps to the instruction,
; which jumps back, and stores the state. The same bytes run in a guest and, at the same address, on
; the host, so that pointers and return addresses are the same.
%include "oracle.inc"
EXIT_PAGE equ 0xfff000
    default rel
    bits 64
    org ORACLE
    jmp near run
    times 0x10 - ($ - $$) db 0x90
    jmp near guest_entry
    times 0x20 - ($ - $$) db 0x90
    jmp near done
    times 0x30 - ($ - $$) db 0x90
    bits 32
    jmp far [abs back_to_64]
    bits 64
    times 0x40 - ($ - $$) db 0x90
    jmp dword far [target_32]   ; Without REX.W, which Intel and AMD take differently.
    times 0x50 - ($ - $$) db 0x90
    jmp near faulted

guest_entry:
    mov esp, stack_end
    call run
    mov qword [abs EXIT_PAGE], 0
    jmp guest_entry

run:
    push rbx
    push rbp
    push r12
    push r13
    push r14
    push r15
    mov eax, ds
    push rax
    mov eax, es
    push rax
    mov ax, [selector_data]
    mov ds, eax
    mov es, eax
    mov ax, [selector_64]
    mov [back_to_64 + 4], ax
    mov ax, [selector_32]
    mov [target_32 + 4], ax
    fxsave64 [kept_fx]
    mov [saved_rsp], rsp
next:
    mov rax, [current]
    cmp rax, [end]
    je finished
    fxrstor64 [rax + CASE_FX]
    mov rcx, [rax + CASE_CODE]
    mov [target], rcx
    mov rcx, [rax + CASE_CODE_32]
    mov [target_32], ecx
    push qword [rax + CASE_FLAGS]
    popfq
    mov rcx, [rax + 1 * 8]
    mov rdx, [rax + 2 * 8]
    mov rbx, [rax + 3 * 8]
    mov rsp, [rax + 4 * 8]
    mov rbp, [rax + 5 * 8]
    mov rsi, [rax + 6 * 8]
    mov rdi, [rax + 7 * 8]
%assign i 8
%rep 8
    mov r %+ i, [rax + i * 8]
%assign i i + 1
%endrep
    mov rax, [rax]
    jmp [target]

done:
faulted:
    mov [saved_rax], rax
    mov rax, [current]
    mov [rax + CASE_OUT + 1 * 8], rcx
    mov [rax + CASE_OUT + 2 * 8], rdx
    mov [rax + CASE_OUT + 3 * 8], rbx
    mov [rax + CASE_OUT + 4 * 8], rsp
    mov [rax + CASE_OUT + 5 * 8], rbp
    mov [rax + CASE_OUT + 6 * 8], rsi
    mov [rax + CASE_OUT + 7 * 8], rdi
%assign i 8
%rep 8
    mov [rax + CASE_OUT + i * 8], r %+ i
%assign i i + 1
%endrep
    mov rcx, [saved_rax]
    mov [rax + CASE_OUT], rcx
    mov rsp, [saved_rsp]
    pushfq
    pop qword [rax + CASE_OUT_FLAGS]
    cld
    fxsave64 [rax + CASE_OUT_FX]
    add rax, CASE_SIZE
    mov [current], rax
    jmp next

finished:
    fxrstor64 [kept_fx]
    pop rax
    mov es, eax
    pop rax
    mov ds, eax
    pop r15
    pop r14
    pop r13
    pop r12
    pop rbp
    pop rbx
    ret

    times ORACLE_DATA - ORACLE - ($ - $$) db 0x90
current:    dq 0
end:        dq 0
selector_64: dw 0
selector_32: dw 0
selector_data: dw 0
    align 8
    dq 0, 0                     ; ORACLE_SAVED_RCX and _RDX
target:     dq 0
target_32:  dd 0
            dw 0
    align 8
back_to_64: dd done
            dw 0
    align 8
saved_rax:  dq 0
saved_rsp:  dq 0
    align 64
kept_fx: times 512 db 0
    times 0x2000 - ($ - $$) db 0
stack_end:

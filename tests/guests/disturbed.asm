; What the guests of tests/test_disturbed.c are put together from: FRAGMENTS has the first byte of each
; fragment and the one behind it, up to 0. A fragment may lie anywhere, one behind the other; the test
; puts them at CODE. Each leaves ECX, EAX and EDX as WRMSR wants them for an interrupt to this VCPU.
%include "common.inc"
    bits 64
    org 0x10000
FRAGMENTS equ 0x18000
CODE      equ 0x100000
LOG       equ 0x200000          ; Vector and time of each event.
TOUCHED   equ 0x300000          ; Pages that are touched for the first time.
BELL      equ 0x400000          ; A bell.
PORT      equ 0x10              ; Trapped.
TRAPPED   equ 0xffe000          ; A MEM trap.
FAR_AWAY  equ 0x7f0000000000
SELF_IPI      equ 0x83f
ICR           equ 0x830
LVT_TIMER     equ 0x832
INITIAL_COUNT equ 0x838
DIVIDE        equ 0x83e
TSC_DEADLINE  equ 0x6e0

    load_tables
    mov rdi, table_idt
    mov ecx, 256
.gate:                          ; The same stubs, less what they do to EAX.
    add word [rdi], stubs - table_stubs
    add rdi, 16
    dec ecx
    jnz .gate
    mov ecx, DIVIDE
    mov eax, 0xb                ; By 1.
    xor edx, edx
    wrmsr
    mov r15, LOG
    mov r14, TOUCHED
    mov ecx, SELF_IPI
    mov eax, 0x40
    mov r8, CODE
    jmp r8

    align 16
stubs:
%assign vector 0
%rep 256
    align 16
  %if (vector >= 10 && vector <= 14) || vector == 8 || vector == 17
    nop
    nop
  %else
    push 0
  %endif
    push strict dword vector
    jmp near handle
%assign vector vector + 1
%endrep
on_vector equ 0

; The vector and the error code lie below the frame.
handle:
    push rax
    push rdx
    rdtsc
    mov [r15 + 4], eax
    mov eax, [rsp + 16]
    mov [r15], eax
    add r15, 8
    cmp eax, 1
    je .step
    cmp eax, 6
    je .two
    cmp eax, 14
    je .three
    cmp eax, 0x41
    je .open
    cmp eax, 0x42
    jne .return
    sti                         ; Its shadow covers the POP.
.return:
    pop rdx
    pop rax
    add rsp, 16
    iretq
.open:
    sti
    nop
    nop
    cli
    jmp .return
.step:
    and dword [rsp + 32 + 16], ~0x100
    jmp .return
.three:
    inc qword [rsp + 32]
.two:
    add qword [rsp + 32], 2
    jmp .return

%macro fragment 0
  %assign fragments fragments + 1
fragment_ %+ fragments:
%endmacro
%assign fragments 0

; WRMSR with other operands for a moment.
%macro write_msr 2
    mov ecx, %1
    mov eax, %2
    wrmsr
    mov ecx, SELF_IPI
    mov eax, 0x40
%endmacro

fragment
    sti
fragment
    cli
fragment
    wrmsr
fragment
    sti
    wrmsr
fragment
    nop
fragment
    inc rbx
fragment
    mov al, 0x41
    wrmsr
    mov al, 0x40
fragment
    mov al, 0x42
    wrmsr
    mov al, 0x40
fragment
    write_msr ICR, 0x40043      ; The client delivers it.
fragment
    write_msr ICR, 0x40002      ; An NMI.
fragment
    mov r8d, 20
.loop:
    dec r8d
    jnz .loop
fragment
    mov r8d, 7
.loop:
    wrmsr
    dec r8d
    jnz .loop
fragment
    mov r8d, 300
.loop:
    nop
    dec r8d
    jnz .loop
fragment
    sti
    hlt
fragment
    write_msr LVT_TIMER, 0x50
    write_msr INITIAL_COUNT, 150
fragment
    write_msr LVT_TIMER, 0x20051 ; Periodic.
    write_msr INITIAL_COUNT, 700
fragment
    write_msr LVT_TIMER, 0x40052
    mov r9d, edx
    rdtsc
    add eax, 220
    mov ecx, TSC_DEADLINE
    wrmsr
    mov ecx, SELF_IPI
    mov eax, 0x40
    mov edx, r9d
fragment
    write_msr LVT_TIMER, 0x10000
fragment
    pushfq
    or qword [rsp], 0x200
    popfq
fragment
    pushfq
    or qword [rsp], 0x100       ; TF
    popfq
    nop
    nop
fragment
    mov r8d, ss
    mov ss, r8d
fragment
    int 0x30
fragment
    int3
fragment
    ud2
fragment
    mov r8, FAR_AWAY
    mov al, [r8]                ; Three bytes, which the handler passes over.
fragment
    xchg eax, r8d
    xchg ecx, r9d
    cpuid
    xchg eax, r8d
    xchg ecx, r9d
    xor edx, edx
fragment
    rdtsc
    mov [r15], eax
    add r15, 8
    mov eax, 0x40
    xor edx, edx
fragment
    in al, PORT
    mov al, 0x40
fragment
    out PORT, al
fragment
    mov r8, [abs TRAPPED]
fragment
    mov [abs BELL], eax
fragment
    pause
fragment
    mov r8, cr0
    mov cr0, r8
fragment
    mov [r14], rbx
    add r14, 0x1000
    inc rbx
fragment
    push rbx
    pop rbx
    mov r8, rbx
    times 30 inc rbx
fragment
    mov [rel .number + 2], ebx
.number:
    mov r9d, 5
fragment
    fninit
    fld1
    fld1
    faddp st1, st0
    fstp st0
fragment
    mov r8, cr0
    fninit
    fstp st0
fragment
    times 150 pushfq
    add rsp, 150 * 8
fragment
    lea r8, [rel .next]
    mov r9, rsp
    push DATA_0
    push r9
    pushfq
    push CODE_0
    push r8
    iretq
.next:
fragment
    call .next
.next:
    pop r8
fragment
    mov r10d, 3
    mov r11d, ecx
    mov edi, TOUCHED
    mov ecx, r10d
    rep stosb
    mov ecx, r11d
fragment
    jmp .over
    ud2
.over:
fragment
    done
fragment

    tables

    times FRAGMENTS - 0x10000 - ($ - $$) db 0
%assign number 1
%rep fragments
    dq fragment_ %+ number
%assign number number + 1
%endrep
    dq 0

; Guests that are in the middle of something as a run ends, each a case by RSI; tests/test_snapshot.c
; takes its snapshots there. What was so then shows in registers and at RESULT in the runs after.
%include "common.inc"
    bits 64
    org 0x10000
RESULT equ 0x50000
BELL   equ 0x400000
CLOCK  equ 0x40000
LVT_TIMER     equ 0x832
INITIAL_COUNT equ 0x838
DIVIDE        equ 0x83e
SELF_IPI      equ 0x83f
MANY_PAGES    equ 150           ; More than the exits that are no work in one block.

    mov r15, rsi
    load_tables
    xor ebx, ebx
    xor r12d, r12d
    mov rsi, r15
    select_case media, interrupted, shadow, halted, timer, modified, bells, clock, \
        long_block, many_pages, next_page, control, dead, stack_faults, into_middle, \
        own_page, due_look, due_time

; FPU, SSE and MSRs with values of their own, which the second run stores and then changes.
media:
    mov rax, 0x123456789abcdef0
    mov rcx, ~0x123456789abcdef0
    mov rdx, RESULT
    call .load
    done
    fxsave [abs RESULT]
    rdfsbase r8
    rdgsbase r9
    mov r10, cr2
    mov r11, dr0
    not rax
    mov rdx, RESULT + 0x1000
    call .load
    done
    fxsave [abs RESULT + 0x200]
    done
.load:
    movq xmm0, rax
    movq xmm15, rcx
    xchg rax, rcx
    fninit
    fild qword [rsp]
    fldpi
    wrfsbase rdx
    lea rdx, [rdx + 8]
    wrgsbase rdx
    mov cr2, rdx
    mov dr0, rdx
    stmxcsr [rdx]
    xor dword [rdx], 0x6000
    ldmxcsr [rdx]
    ret

; In the handlers of an NMI and, inside of it, of an interrupt; RBX counts what has ended.
interrupted:
    sti
.next:
    inc r12
    done
    jmp .next

; The interrupt that waits comes behind the store.
shadow:
    mov r10d, 0x2000000
    mov ebp, 0x77
    sti
    mov [r10], rbp
    mov ecx, 1000
.wait:
    loop .wait
    done

halted:
    sti
.next:
    hlt
    inc r12
    jmp .next

; How far the loop comes until the timer's interrupt.
timer:
    xor edx, edx
    mov ecx, DIVIDE
    mov eax, 0xb                ; By 1.
    wrmsr
    mov ecx, INITIAL_COUNT
    mov eax, 20000
    wrmsr
    mov ecx, LVT_TIMER
    mov eax, 0x20040            ; Periodic, vector 0x40.
    wrmsr
    mov ecx, 100
.before:
    loop .before
    done
    sti
.wait:
    inc r12
    jmp .wait

; The number that the code of .number loads is changed before and after the snapshot.
modified:
    call .number
    mov dword [abs .number + 1], 2
    call .number
    done
    call .number
    mov dword [abs .number + 1], 3
    call .number
    done
    jmp modified
.number:
    mov eax, 1
    shl rbx, 4
    or rbx, rax
    ret

bells:
    mov [abs BELL], eax
    mov [abs BELL + 8], eax
    mov [abs BELL + 0x2010], eax
    done
    mov [abs BELL + 24], eax
    inc ebx
    done

clock:
    mov ecx, 0x4b564d01
    mov eax, CLOCK | 1
    xor edx, edx
    wrmsr
    done
    mov r8, [abs CLOCK + 16]
    mov r9d, [abs CLOCK]
    rdtsc
    mov r10d, eax
    mov ecx, 0x4b564d01
    xor eax, eax
    xor edx, edx
    wrmsr
    done

; Code without a branch that touches memory for the first time in its middle; the time behind it.
long_block:
    inc r12
    done
    times 150 pushfq
    mov [abs 0x300000], rbx
    times 250 pushfq
    rdtsc
    done
    add rsp, 400 * 8
    jmp long_block

; One block that stores to many pages; the time behind it.
many_pages:
    inc r12
    done
%assign page 0
%rep MANY_PAGES
    mov [abs 0x300000 + page * 0x1000], r12d
%assign page page + 1
%endrep
    rdtsc
    mov r13, rax
    done
    jmp many_pages

; Stores to the page behind that of the code; the time behind it.
next_page:
    inc r12
    done
    mov [abs .behind], r12
    inc rbx
    rdtsc
    mov r13, rax
    jmp next_page
    align 0x1000
.behind:
    dq 0

; What the guest reads of CR0 is not what the processor has.
control:
    mov rbx, cr0
    done
    btc rbx, 30                 ; CD
    mov cr0, rbx
    jmp control

; A state that no VM entry takes.
dead:
    mov rbx, cr0
    done
    inc r12
    btr rbx, 31                 ; PG, in long mode
    mov cr0, rbx
    done

; A loop that finds what it wants of the x87 stack six times, and then three times not, in its
; middle; the time behind it.
stack_faults:
    inc r12
    done
    fninit
    fld1
    fld1
    mov ecx, 6
    call .loop
    fninit
    mov ecx, 3
    call .loop
    rdtsc
    mov r13, rax
    jmp stack_faults
.loop:
    inc rbx
    fadd st1
    dec ecx
    jnz .loop
    ret

; A long block that touches memory for the first time in its middle, where later another begins; the
; time behind it.
into_middle:
    inc r12
    done
    mov ecx, 3
    mov rdx, rsp
    times 150 pushfq
.middle:
    mov [abs 0x300000], rbx
    times 250 pushfq
    mov rsp, rdx
    dec ecx
    jnz .middle
    rdtsc
    mov r13, rax
    jmp into_middle

; Stores to the page of the code, each followed by a block that is not short; the time behind it.
own_page:
    inc r12
    done
    mov ecx, 10
.next:
    mov [abs .number], ecx
    times 20 inc rbx
    dec ecx
    jnz .next
    rdtsc
    mov r13, rax
    jmp own_page
.number:
    dd 0

; The client kicks the VCPU at its WRMSR, so that the interrupt comes with the next run call, in front
; of what is counted.
due_look:
    sti
.next:
    inc r12
    done
    mov ecx, SELF_IPI
    mov eax, 0x40
    xor edx, edx
    inc r12
    wrmsr
    inc r12
    jmp .next

; The client kicks the VCPU at its CPUID, so that the paravirtual clock is brought up to date with the
; next run call.
due_time:
    mov ecx, 0x4b564d01
    mov eax, CLOCK | 1
    xor edx, edx
    wrmsr
.next:
    inc r12
    done
    xor eax, eax
    cpuid
    mov r8, [abs CLOCK + 16]
    mov r9d, [abs CLOCK]
    jmp .next

on_vector:
    mov r8, [abs RESULT]
    done
    inc ebx
    iretq
    tables

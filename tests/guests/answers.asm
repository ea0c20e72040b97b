; Instructions that are answered in the middle of a block. The client chooses a program by RSI.
%include "common.inc"
MSR_TSC_AUX equ 0xc0000103
READY   equ 0x8000              ; The guest's and the client's flags.
GO      equ 0x8008
SCRATCH equ 0x8010
    bits 64
    org 0x10000
    load_tables
    done
    select_case plain, many, forbidden, counted, awaited, across, kicked, called, registers, \
        frames, joined

%macro time 1                   ; The TSC, by RDTSC.
    rdtsc
    shl rdx, 32
    lea %1, [rdx + rax]
%endmacro

; R8 and R10 = the TSC, R11 = TSC_AUX and R9 = the bytes of the first instruction, before and after.
plain:
    mov ecx, MSR_TSC_AUX
    mov eax, 0x1234
    xor edx, edx
    wrmsr
    jmp .block
.block:
    movzx r9d, word [abs .site]
.site:
    rdtsc
    mov r8d, eax
    shl rdx, 32
    or r8, rdx
    movzx eax, word [abs .site]
    shl eax, 16
    or r9d, eax
    rdtscp
    mov r10d, eax
    shl rdx, 32
    or r10, rdx
    mov r11, rcx
    done
    jmp plain

; R9 = how often the TSC was less than before, in a block of 20.
many:
    xor r9d, r9d
    time r8
    jmp .block
.block:
%rep 20
    time r10
    cmp r10, r8
    adc r9, 0
    mov r8, r10
%endrep
    done
    jmp many

; At CPL 3, then forbidden there by CR4.TSD, when R12 of ring 0 and R13 of ring 3 are the TSC.
; Vector 0x40 is the program's own.
forbidden:
    enter_user .user
.user:
    time r13                    ; RBX is where.
    mov ebx, .user
    int 0x40
    jmp .user
.forbid:
    mov rax, cr4
    or eax, 4
    mov cr4, rax
    time r12
    iretq

; RCX times
counted:
    mov esi, ecx
.again:
    xor eax, eax
    cpuid
    dec esi
    jnz .again
    done
    jmp counted

; Once, when the client says so.
awaited:
    mov dword [abs READY], 1
.again:
    pause
    cmp dword [abs GO], 0
    je .again
    xor eax, eax
    cpuid
    done
    jmp awaited

; RCX times. R8 = how often CPUID's answer was another's or the TSC went back, R9 = how often round.
kicked:
    mov rsi, rcx
    xor r8d, r8d
    xor r9d, r9d
    xor r11d, r11d
.again:
    mov rdi, rsi
    xor eax, eax
    cpuid
    cmp ebx, 0x756e6547
    setne bl
    movzx ebx, bl
    add r8, rbx
    time r10
    cmp r10, r11
    adc r8, 0
    mov r11, r10
    rdtscp
    shl rdx, 32
    or rdx, rax
    cmp rdx, r11
    adc r8, 0
    inc r9
    dec rsi
    jnz .again
    done
    jmp kicked

; RCX times a system call from CPL 3, and CPUID. R8 = how often something was wrong, R9 = how often
; round. Each 64th call returns with TF set, R15 = how often that trapped.
called:
    mov rsi, rcx
    mov edx, CODE_32 << 16 | CODE_0
    mov ecx, 0xc0000081         ; STAR
    xor eax, eax
    wrmsr
    inc ecx                     ; LSTAR
    mov eax, .handler
    xor edx, edx
    wrmsr
    mov ecx, 0xc0000084         ; FMASK
    mov eax, 0x200
    wrmsr
    enter_user .user
.user:
    xor r8d, r8d
    xor r9d, r9d
    xor r12d, r12d
    xor r15d, r15d
.again:
    syscall
.back:
    mov edi, .back
    cmp rcx, rdi
    setne bl
    movzx ebx, bl
    add r8, rbx
    mov edi, cs
    xor edi, CODE_3 | 3
    add r8, rdi
    xor eax, eax
    cpuid
    cmp ebx, 0x756e6547
    setne bl
    movzx ebx, bl
    add r8, rbx
    inc r9
    dec rsi
    jnz .again
    sub r12, r9
    add r8, r12
    done
    mov rsi, rcx
    jmp .user
.handler:
    mov edi, cs
    xor edi, CODE_0
    add r8, rdi
    inc r12
    test r12b, 63
    jnz .return
    or r11d, 0x100
.return:
    o64 sysret
.trap:
    inc r15
    mov edi, .back
    sub rdi, [rsp]
    add r8, rdi
    and dword [rsp + 16], ~0x100
    iretq

; RCX times WRMSR, RDMSR, XSETBV and PAUSE. R8 = how often something was wrong, R9 = how often round.
; Then, with RBX, WRMSR at CPL 3.
registers:
    mov rsi, rcx
    mov rax, cr4
    or eax, 1 << 18             ; OSXSAVE
    mov cr4, rax
    xor r8d, r8d
    xor r9d, r9d
.again:
    mov ecx, 0xc0000082         ; LSTAR, which has no exit,
    mov eax, esi
    mov edx, 0x7fff
    wrmsr
    xor eax, eax
    xor edx, edx
    rdmsr
    xor eax, esi
    xor edx, 0x7fff
    add r8, rax
    add r8, rdx
    mov ecx, 0x802              ; the local APIC's ID, and its end of an interrupt.
    rdmsr
    add r8, rax
    mov ecx, 0x80b
    xor eax, eax
    xor edx, edx
    wrmsr
    xor ecx, ecx
    mov eax, 1
    xsetbv
    pause
    inc r9
    dec rsi
    jnz .again
    done
    test ebx, ebx
    jz registers
    enter_user .user
.user:
    mov ecx, 0x80b
    wrmsr

; RCX times INT3, INT 0x41 and, at CPL 3, INT 0x42, all of which return by IRETQ, then OUT and IN of
; a port, with one byte and with two. R8 = how often something was wrong, R9 = how often round. Each
; 64th return from INT 0x41 has TF set, and after it one instruction runs.
frames:
    mov rsi, rcx
    xor r8d, r8d
    xor r9d, r9d
    xor r12d, r12d
    mov r14d, 1
    xor r15d, r15d
.again:
    mov rbp, rsp
    std
    int3
    int 0x41
.back:
    inc r10d                    ; Before the trap.
    pushfq
    pop rbx
    cld
    and ebx, 0x600              ; DF, not IF.
    xor ebx, 0x400
    add r8, rbx
    xor rbp, rsp
    add r8, rbp
    mov rbp, rsp
    enter_user .user, 0x3002
.user:
    int 0x42
    ud2
.on:
    mov edx, 0x230
    mov eax, esi
    out dx, al
    inc r12d
    in al, dx
    movzx eax, al
    xor eax, 0x5a
    add r8, rax
    mov eax, esi
    out 0x31, ax
    inc r12d
    in eax, 0x31
    xor eax, 0x5a5a5a5a
    add r8, rax
    inc r9
    dec rsi
    jnz .again
    lea rax, [r9 * 4]           ; INT3 and INT 0x41, and OUT twice.
    sub rax, r12
    add r8, rax
    mov rax, r9
    shr rax, 6
    sub rax, r15
    add r8, rax
    done
    jmp frames
.break:
    inc r12
    iretq
.return:
    inc r12
    mov r10d, 0
    lea rax, [r9 + 1]
    test al, 63
    jnz .whole
    or dword [rsp + 16], 0x100
.whole:
    iretq
.trap:
    inc r15
    mov eax, .back + 3          ; Behind INC.
    sub rax, [rsp]
    add r8, rax
    dec r10d
    movsxd rax, r10d
    add r8, rax
    and dword [rsp + 16], ~0x100
    iretq
.from_user:
    mov eax, .user + 2
    sub rax, [rsp]
    add r8, rax
    mov eax, cs
    xor eax, CODE_0
    add r8, rax
    mov rsp, rbp
    jmp .on

across:
    time r8
    jmp .block
    times 0xffd - ($ - $$) nop
.block:
    xor eax, eax                ; 2 bytes: the next instruction lies in two pages.
    rdtsc
    shl rdx, 32
    lea r10, [rdx + rax]
    done
    jmp across

; RCX times what blocks are divided for: code that is too long for one, and CMPXCHG16B behind
; arithmetic; and SETcc to memory, for which they are not. R8 = how often something was wrong, R9 =
; how often round, R10 = the CRC32-C of 500 bytes of zero.
joined:
    mov rsi, rcx
    xor r8d, r8d
    xor r9d, r9d
.again:
    mov edx, -1
    xor eax, eax
%rep 500
    crc32 edx, al
%endrep
    not edx
    test r9, r9
    cmovz r10d, edx
    cmp edx, r10d
    setne [abs SCRATCH]
    movzx edi, byte [abs SCRATCH]
    add r8, rdi
    mov qword [abs SCRATCH], rsi
    mov qword [abs SCRATCH + 8], r9
    mov rax, rsi
    mov rdx, r9
    xor ecx, ecx
    mov edi, -1
    add edi, 2                  ; CF, which CMPXCHG16B keeps.
    lock cmpxchg16b [abs SCRATCH]
    setnc bl
    setnz bh
    movzx edi, bx
    add r8, rdi
    inc r9
    dec rsi
    jnz .again
    done
    jmp joined

on_vector:                      ; RAX = the vector, R8 = the error code, R9 = RIP
    cmp eax, 0x40
    je forbidden.forbid
    cmp eax, 0x41
    je frames.return
    cmp eax, 0x42
    je frames.from_user
    cmp eax, 3
    je frames.break
    cmp eax, 1
    jne .others
    test r14, r14               ; frames'
    jnz frames.trap
    jmp called.trap
.others:
    pop r8
    mov r9, [rsp]
    done

    tables

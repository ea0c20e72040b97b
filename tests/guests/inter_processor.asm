; The boot processor sends ROUNDS interrupts to the VCPU with APIC id 1, which runs at 0x11000 or is
; halted at 0x11400, and waits for each in a loop that gives no way. DELAYS has how long each took
; from one to the handler of the other, and LONGEST how long a third VCPU, at 0x11800, did not run.
; The others are done with an OUT to port 0x11, the boot processor once both are.
%include "common.inc"
TAKEN    equ 0x8000
SENT_AT  equ 0x8004             ; The TSC's low halves.
TAKEN_AT equ 0x8008
ROUNDS   equ 0x800c             ; The client writes it.
READY    equ 0x8010
STOP     equ 0x8014
FINISHED equ 0x8018
LONGEST  equ 0x801c
COUNTED  equ 0x8020             ; The third one has run, again and again.
DELAYS   equ 0x100000
VECTOR   equ 0x40
ICR      equ 0x830
    bits 64
    org 0x10000
    mov esp, 0x6000
    xor ebx, ebx
    mov ecx, ICR
.start:
    pause
    cmp dword [abs READY], 2
    jne .start
.again:
    mov esi, [abs TAKEN]
    rdtsc
    mov [abs SENT_AT], eax
    call send
.wait:
    cmp esi, [abs TAKEN]
    je .wait
    mov eax, [abs TAKEN_AT]
    sub eax, [abs SENT_AT]
    mov [DELAYS + rbx * 4], eax
    inc ebx
    cmp ebx, [abs ROUNDS]
    jne .again
    mov dword [abs STOP], 1
    call send
.end:
    pause
    cmp dword [abs FINISHED], 2
    jne .end
    done
send:
    mov eax, VECTOR
    mov edx, 1
    wrmsr
    ret

    bits 16
    times 0x1000 - ($ - $$) db 0
runs:
    mov sp, 0x7000
    call prepare
.again:
    inc eax
    cmp dword [STOP], 0
    je .again
    jmp finish

    times 0x1400 - ($ - $$) db 0
sleeps:
    mov sp, 0x7000
    call prepare
.again:
    hlt
    cmp dword [STOP], 0
    je .again
    jmp finish

    times 0x1800 - ($ - $$) db 0
counts:
    lock inc dword [READY]
    rdtsc
    mov ebx, eax
.again:
    rdtsc
    mov ecx, eax
    sub eax, ebx
    mov ebx, ecx
    inc dword [COUNTED]
    cmp eax, [LONGEST]
    jbe .shorter
    mov [LONGEST], eax
.shorter:
    cmp dword [STOP], 0
    je .again
    lock inc dword [FINISHED]
    out 0x11, al
    hlt

    times 0x1c00 - ($ - $$) db 0
prepare:
    call .here
.here:
    pop bx
    add bx, on_interrupt - .here
    mov [VECTOR * 4], bx
    mov [VECTOR * 4 + 2], cs
    lock inc dword [READY]
    sti
    ret
finish:
    cli
    lock inc dword [FINISHED]
    out 0x11, al
    hlt
on_interrupt:
    push eax
    push edx
    rdtsc
    mov [TAKEN_AT], eax
    inc dword [TAKEN]
    pop edx
    pop eax
    iret

; All VCPUs add 1 to COUNT, LOOPS times each, with LOCK; the boot processor here in 64-bit mode, the
; others at 0x11000 in the real mode that they start in. Each VCPU then writes its time-stamp counter
; to port 0x10, takes the lowest bit of it as a reason for another loop, adds 1 to FINISHED, and is
; done with an OUT to port 0x11. The boot processor waits for the others with PAUSE, and is done
; with COUNT in RAX.
%include "common.inc"
COUNT    equ 0x8000
FINISHED equ 0x8004
OTHERS   equ 0x8008             ; How many; the client writes it.
LOOPS    equ 100000
    bits 64
    org 0x10000
    mov ecx, LOOPS
.again:
    lock inc dword [abs COUNT]
    dec ecx
    jnz .again
.wait:
    pause
    mov eax, [abs FINISHED]
    cmp eax, [abs OTHERS]
    jne .wait
    rdtsc
    out 0x10, eax
    mov eax, [abs COUNT]
    done

    times 0x1000 - ($ - $$) db 0
    bits 16
    mov ecx, LOOPS
again_16:
    lock inc dword [COUNT]
    dec ecx
    jnz again_16
    rdtsc
    out 0x10, eax
    lock inc dword [FINISHED]
    out 0x11, al
    hlt

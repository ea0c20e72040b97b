; SPDX-License-Identifier: MIT
;
; Two VCPUs that hand a token to each other and wait for it with PAUSE: the boot processor here, the
; other one 4 KiB further, in real mode. Each hand-over is a switch of VCPUs.
%include "common.inc"
TOKEN    equ 0x8000             ; Odd: the other's turn.
ROUNDS   equ 0x8004             ; The client writes it.
    bits 64
    org 0x10000
    xor ecx, ecx
.again:
    inc dword [abs TOKEN]
.wait:
    pause
    test dword [abs TOKEN], 1
    jnz .wait
    inc ecx
    cmp ecx, [abs ROUNDS]
    jne .again
    done

    times 0x1000 - ($ - $$) db 0
    bits 16
    xor ecx, ecx
again_16:
    pause
    test dword [TOKEN], 1
    jz again_16
    inc dword [TOKEN]
    inc ecx
    cmp ecx, [ROUNDS]
    jne again_16
    out 0x11, al
    hlt

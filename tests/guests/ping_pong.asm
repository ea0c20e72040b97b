; Adds 1 to the word at 0x2000000 whenever its lowest bit is that of RSI, 5,000 times: a game for two
; that share the word and never leave the guest.
%include "common.inc"
TOKEN equ 0x2000000
    bits 64
    org 0x10000
    mov ecx, 5000
.wait:
    mov eax, [abs TOKEN]
    xor eax, esi
    test al, 1
    jnz .wait
    inc dword [abs TOKEN]
    dec ecx
    jnz .wait
    done

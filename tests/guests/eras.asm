; One of each kind of packet, for ever: an output to port 0x10, a store to RDI, a store to RSI, and
; an interrupt to all other VCPUs.
bits 64
org 0x10000
again:
    mov al, 0x5a
    out 0x10, al
    mov [rdi], rax
    mov [rsi], al
    mov ecx, 0x830 ; The interrupt command register.
    mov eax, 0xc0041
    xor edx, edx
    wrmsr
    jmp again

; Reads a byte from port 0x10, writes it plus one to port 0x11, for ever.
bits 64
org 0x10000
again:
    in al, 0x10
    inc al
    out 0x11, al
    jmp again

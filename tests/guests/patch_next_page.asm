; A store to the page after its own, in a block that ends there: its last instruction lies in both.
%include "common.inc"
    bits 64
    org 0x10000
    jmp near .start
    times 0xff0 - ($ - $$) db 0x90
.start:
    mov byte [abs 0x11800], 0x55
    times 0xfff - ($ - $$) db 0x90
    mov eax, 0x12345678         ; One byte in this page, four in the next.
    movzx ebx, byte [abs 0x11800]
    done

; Stores RDI times to the page at 0x400000, 8 bytes on each time, and ends.
%include "common.inc"
    bits 64
    org 0x10000
    mov eax, 0x400000
again:
    mov [rax], rax
    add rax, 8
    dec rdi
    jnz again
    done

; Rings bells: stores RDI times, the first time at RAX and each time RDX further, with the count so
; far at COUNT before each; then is done, and goes on with what the client writes. At 0x11000, in
; real mode, the same for 1000 stores to 0x30004 and the port 0x10.
%include "common.inc"
COUNT equ 0x20000
    bits 64
    org 0x10000
again:
    inc qword [abs COUNT]
    mov [rax], rax
    add rax, rdx
    dec rdi
    jnz again
    done
    jmp again

    times 0x1000 - ($ - $$) db 0
    bits 16
    mov ax, 0x3000
    mov ds, ax
    mov cx, 1000
again_16:
    mov [4], ax
    loop again_16
    out 0x10, al

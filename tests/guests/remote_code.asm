; Jumps to the address in RDI, for what happens there to its fetch; what is there ends with `done`
; and goes on here.
%include "common.inc"
    bits 64
    org 0x10000
again:
    mov esp, STACK_0
    jmp rdi
    times 0x100 - ($ - $$) db 0x90
    done                        ; 0x10100: the end of remote code jumps here.
    jmp again

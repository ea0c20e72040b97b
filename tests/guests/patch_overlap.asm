; Changes an instruction that has run, so that code that is read from there on has its end in the
; middle of the next instruction but one, which stores to its own page. Two stores run alone.
%include "common.inc"
    bits 64
    org 0x10000
    lea r11, [rel changed]
    jmp changed
    align 0x40
data:
    times 0x40 db 0
changed:
    db 0x48, 0x90           ; NOP; MOV RAX, imm64 once the store has made it 48 B8 ...
    mov byte [r11 + 1], 0xb8
    mov byte [r11 - 0x3d], 0x55 ; ... whose immediate ends where C3 comes, which is RET.
    done

; Runs at linear address 0 and comes back to it: by a jump, by a return, and after an exit to the
; client at the instruction there. The page at 0x400000 is trapped.
%include "common.inc"
    bits 64
    org 0
start:
    mov al, [0x400000]
.behind:
    inc rbx
    cmp rbx, 3
    jb start
    mov esp, STACK_0
    mov byte [abs start], 0xeb  ; The load becomes JMP .behind.
    mov byte [abs start + 1], .behind - start - 2
    cmp rbx, 1000
    ja end
    push 0
    ret
end:
    mov rcx, [abs start]        ; Address 0 can be read as well.
    done

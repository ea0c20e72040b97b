; Waits for an interrupt as an idle loop does, and ends a run after each.
%include "common.inc"
    bits 64
    org 0x10000
    load_tables
    xor ecx, ecx
    done
.wait:
    cli
    test ecx, ecx
    jnz .taken
    sti
    hlt
    jmp .wait
.taken:
    xor ecx, ecx
    done
    jmp .wait
on_vector:
    mov ecx, eax
    iretq
    tables

; Waits for an interrupt as an idle loop does, and ends a run after each. Just before it would sleep
; it says so at 0x50000, and takes its time, so that an answer can come at STI.
%include "common.inc"
    bits 64
    org 0x10000
    load_tables
    xor ecx, ecx
    xor edx, edx
    mov r8d, 1
    done
.wait:
    cli
    test ecx, ecx
    jnz .taken
    mov dword [abs 0x50000], 1
    times 60 div r8d
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

; XMM0 from memory, a run-call boundary, XMM0 to memory; then the same with OSFXSR off for a while.
%include "common.inc"
    bits 64
    org 0x10000
    movdqu xmm0, [abs 0x50000]
    done
    movdqu [abs 0x50010], xmm0
    done
    mov rax, cr4
    mov rcx, rax
    btr rax, 9
    mov cr4, rax
    done
    mov cr4, rcx
    movdqu [abs 0x50020], xmm0
    done

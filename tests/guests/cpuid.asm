; CPUID with the registers that the client writes, for ever.
%include "common.inc"
    bits 64
    org 0x10000
again:
    cpuid
    done
    jmp again

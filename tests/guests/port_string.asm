; String I/O, one form a case.
%include "common.inc"
    bits 64
    org 0x10000
    mov edi, 0x90000
    mov edx, 0x11
    mov ecx, 2
    mov rbx, rsi
    select_case input, output, repeated_input, repeated_output
input:
    insb
    done
output:
    mov esi, 0x90000
    outsd
    done
repeated_input:
    rep insw
    done
repeated_output:
    mov esi, 0x90000
    rep outsb
    done

; RDMSR (R15 = 0) or WRMSR with the registers that the client writes, for ever. R10 = 0 if it was
; executed; if it was refused, R10 = CS, RAX the vector, R8 the error code and R9 the saved RIP, and
; it is skipped. RBX and RBP = the addresses of RDMSR and WRMSR.
%include "common.inc"
    bits 64
    org 0x10000
    load_tables
    mov ebx, read
    mov ebp, write
again:
    done
    xor r10d, r10d
    test r15d, r15d
    jnz write
read:
    rdmsr
    jmp again
write:
    wrmsr
    jmp again
    report_vector
    add qword [rsp], 2
    iretq
    tables

; Runs at CPL 3 until a vector comes, reports it in RAX with the interrupted CS in RBX, returns with
; IRETQ to CPL 3, and ends there.
%include "common.inc"
    bits 64
    org 0x10000
    load_tables
    xor ecx, ecx                ; The vector may come before the first instruction of user.
    enter_user user
user:
.wait:
    test ecx, ecx
    jz .wait
    mov rdx, cs
    done
on_vector:
    mov rbx, [rsp + 8]
    mov ecx, 1
    iretq
    tables

; VMCALL with RAX from the client: at CPL 0 (case 0), at CPL 3 (case 1).
%include "common.inc"
    bits 64
    org 0x10000
    mov r15, rax
    load_tables
    mov rax, r15
    select_case supervisor, user
supervisor:
    vmcall
    done
user:
    enter_user .call
.call:
    vmcall
    done
    report_vector
    tables

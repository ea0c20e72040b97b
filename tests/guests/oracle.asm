; The guest's side of test_oracle.c: a kernel for oracle_cases.asm, which it runs at CPL 3 as a host
; runs it. A fault is noted in the case, with its vector and error code, and the next one follows.
%include "common.inc"
%include "oracle.inc"
    bits 64
    org 0x10000
    load_tables
    mov rax, cr0
    and eax, ~(CR0_EM | CR0_TS)
    or eax, CR0_MP | CR0_NE
    mov cr0, rax
    mov rax, cr4
    or eax, CR4_OSFXSR | CR4_OSXMMEXCPT
    mov cr4, rax
    enter_user ORACLE_GUEST_ENTRY

; RAX is lost: the host's handler puts the vector there too.
on_vector:
    mov [abs ORACLE_SAVED_RCX], rcx
    mov [abs ORACLE_SAVED_RDX], rdx
    xor edx, edx
    mov ecx, 0x27d00            ; Vectors 8, 10 to 14 and 17 have an error code.
    bt ecx, eax
    jnc .frame
    pop rdx
.frame:
    mov rcx, [abs ORACLE_CURRENT]
    mov [rcx + CASE_VECTOR], rax
    mov [rcx + CASE_ERROR], rdx
    mov qword [rsp], ORACLE_FAULTED
    mov qword [rsp + 8], CODE_3 | 3
    mov rcx, [abs ORACLE_SAVED_RCX]
    mov rdx, [abs ORACLE_SAVED_RDX]
    iretq
    tables

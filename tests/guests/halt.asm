; HLT, with interrupts on (case 0) or off (case 1), and at CPL 3 (case 2). RBX = 1 once HLT is over,
; RCX = the number of interrupts taken.
%include "common.inc"
    bits 64
    org 0x10000
    load_tables
    xor ebx, ebx
    xor ecx, ecx
    select_case interrupts_on, interrupts_off, user
interrupts_on:
    sti
    hlt
    mov ebx, 1
    done
interrupts_off:
    hlt
    mov ebx, 1
    done
    sti
    nop
    done
user:
    enter_user .halt
.halt:
    hlt
    done
on_vector:
    inc ecx
    mov edx, eax
    cmp eax, 32
    jb .fault
    iretq
.fault:
    mov r8, [rsp]
    mov r9, [rsp + 8]
    done
    tables

; Control registers, a case each.
%include "common.inc"
    bits 64
    org 0x10000
    load_tables
    select_case numeric, not_write_through, high_half, task_switched, virtual_machine, cache_disable
numeric:
    mov rbx, cr0
    mov rax, rbx
    or eax, 0x20
    mov cr0, rax
    mov rax, cr0
    mov r15, cr4
    done
not_write_through:
    mov rcx, cr0
    or ecx, 0x20000000
    mov ebx, .next
    mov cr0, rcx
.next:
    nop
    done
high_half:                      ; NE changes, so the write exits before it could fault.
    mov r12, cr0
    or r12, 0x20
    bts r12, 32
    mov ebx, 1
    mov cr0, r12
    mov ebx, 2
    done
task_switched:                  ; TS is the guest's own.
    mov rax, cr0
    or eax, 8
    mov cr0, rax
    mov rbx, cr0
    clts
    mov rcx, cr0
    done
virtual_machine:
    mov r9, cr4
    mov rax, r9
    bts rax, 13
    mov cr4, rax
    done
cache_disable:                  ; The guest reads what it wrote, by whatever register.
    mov r14, cr0
    or r14d, 0x60000000
    mov cr0, r14
    mov r13, cr0
    and r14d, 0x9fffffff
    mov cr0, r14
    mov r12, cr0
    done
    report_vector
    tables

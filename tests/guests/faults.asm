; Faults without end. RDX is the place in the list at the end of this file.
%include "common.inc"
    bits 64
    org 0x10000
    mov r15, rdx
    load_tables
    jmp [list + r15 * 8]

; #GP whose handler gives #GP again, with the same stack: no memory ever changes.
in_handler:
    mov rax, [noncanonical]
    mov rax, [rax]
on_vector:
    mov esp, STACK_0
    jmp in_handler

; As before, but the stack goes down with each fault, over this program and the page tables.
in_handler_deeper:
    mov rdi, 0x70000 + 13 * 16
    mov eax, deeper
    call set_gate
deeper:
    mov rax, [noncanonical]
    mov rax, [rax]

; #PF whose handler cannot be fetched, with a stack of its own.
handler_absent:
    mov rdi, 0x70000 + 14 * 16
    mov eax, 0x80000000         ; Beyond the first GiB.
    call set_gate
    mov byte [rdi + 4], 1       ; IST 1
    mov eax, 0x80000000
    mov rax, [rax]

; INT3 whose handler is an INT3.
breakpoint:
    mov rdi, 0x70000 + 3 * 16
    mov eax, .handler
    call set_gate
    mov byte [rdi + 4], 1
.handler:
    int3

; An empty IDT: a triple fault.
no_table:
    lidt [empty]
    ud2

; Gates that are not present: a triple fault.
no_gates:
    mov edi, 0x70000
    mov ecx, 256 * 2
    xor eax, eax
    rep stosq
    ud2

; A stack that does not exist: a double fault, whose handler has it too.
no_stack:
    mov rsp, [noncanonical]
    ud2

; A page table that maps nothing, not even this code.
no_map:
    mov eax, 0x300000
    mov cr3, rax
    jmp $

; EAX: the new handler; RDI: the gate.
set_gate:
    mov [rdi], ax
    shr eax, 16
    mov [rdi + 6], ax
    ret
noncanonical:
    dq 0x8000000000000000
empty:
    dw 0
    dq 0
list:
    dq in_handler, in_handler_deeper, handler_absent, breakpoint
    dq no_table, no_gates, no_stack, no_map
    tables

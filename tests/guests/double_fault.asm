; Faults while a fault is delivered. #DF's handler runs on a stack of its own. RBX = the RIP of the
; first fault.
%include "common.inc"
    bits 64
    org 0x10000
NOWHERE equ 0x40000000
    load_tables
    mov byte [abs table_idt + 8 * 16 + 4], 1
    select_case contributory, stack, page, benign, no_handler, no_tables
%macro no_gate 1
    mov byte [abs table_idt + %1 * 16 + 5], 0
%endmacro
%macro divide 0
    xor ecx, ecx
    mov ebx, %%fault
%%fault:
    div ecx
    done
%endmacro
contributory:                   ; #DE, then #GP for its gate.
    no_gate 0
    divide
stack:                          ; #PF, then #PF for the stack.
    mov esp, NOWHERE + 0x1000
    mov ebx, .fault
.fault:
    mov al, [abs NOWHERE]
    done
page:                           ; #DE, then #PF for the stack: not a double fault, but #PF, then #PF.
    mov esp, NOWHERE + 0x1000
    mov byte [abs table_idt + 14 * 16 + 4], 1
    divide
benign:                         ; #UD, then #GP for its gate: #GP.
    no_gate 6
    mov ebx, .fault
.fault:
    ud2
    done
no_handler:
    no_gate 0
    no_gate 8
    divide
no_tables:
    lidt [abs .nothing]
    divide
.nothing:
    dw 0
    dq 0
    report_vector
    tables

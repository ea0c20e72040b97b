; CALL through a task gate of the global table, and IRET in a nested task, to tasks that cannot be
; switched to and to one that can. What faults reports the vector and the error code, and goes on;
; what switches tasks stays where it is, until vector 0x41 takes the program to the next one.
%include "report.inc"
GATE equ LEGACY_ABSENT
TASK_16 equ LEGACY_TSS_16
TASK_32 equ LEGACY_CODE_64      ; Now another task.
%macro next 0
    times ($$ - $) & 15 nop
%endmacro
; %1 the selector in the gate, %2 its access byte
%macro gate 2
    mov dword [ds:legacy_gdt + GATE], (%1) << 16
    mov dword [ds:legacy_gdt + GATE + 4], (%2) << 8
%endmacro
; %1 the selector, %2 the limit, %3 the access byte
%macro task 3
    mov word [ds:legacy_gdt + %1], %2
    mov byte [ds:legacy_gdt + %1 + 5], %3
%endmacro
; %1 the selector in the gate
%macro call_gate 1
    gate %1, 0x85
    next
    call GATE:0
    next
%endmacro
; %1 the selector of the task before
%macro back 1
    mov word [legacy_tss_32], %1
    next
    push dword 0x4202           ; NT and IF
    popfd
    align 16
    iret
    next
%endmacro
    start_legacy
    report 1
    call_gate LEGACY_TSS_32     ; Busy.
    call_gate LEGACY_CODE_32    ; No task.
    call_gate 0
    call_gate TASK_16 | 4       ; Of the local table.
    call_gate 0xff8             ; Beyond the table.
    task TASK_16, 0x2b, 0x01
    call_gate TASK_16           ; Not present.
    task TASK_16, 0x2a, 0x81
    call_gate TASK_16           ; A byte too small.
    task TASK_32, 0x66, 0x89
    call_gate TASK_32
    gate TASK_16, 0x05          ; The gate is not present.
    next
    call GATE:0
    next
    gate TASK_16, 0x85
    next
    call (GATE | 3):0           ; The selector has less privilege than the gate wants.
    next
    report 2
    sti
    task TASK_16, 0x2b, 0x81
    call_gate TASK_16
    task TASK_32, 0x67, 0x89
    call_gate TASK_32
    report 3
    legacy_enter_user user
    next
user:
    call GATE:0                 ; The gate's privilege is 0.
    next
    int 0x50                    ; Back to CPL 0.
    next
    gate TASK_16, 0xe5
    legacy_enter_user other_user, 0x202
    next
other_user:
    call GATE:0                 ; The task's is 0, which does not count.
    next
    int 0x50
    next
    report 4
    back 0
    back TASK_16 | 4
    back 0xff8
    back LEGACY_CODE_32
    back TASK_16                ; Not busy.
    task TASK_16, 0x2b, 0x03
    back TASK_16
    task TASK_16, 0x2a, 0x83
    back TASK_16
    task TASK_32, 0x66, 0x8b
    back TASK_32
    task TASK_32, 0x67, 0x0b
    back TASK_32
    report 5
    task TASK_16, 0x2b, 0x83
    back TASK_16
    task TASK_32, 0x67, 0x8b
    back TASK_32
    report 6
    jmp $
on_vector:
    cmp eax, 0x41
    je .skip
    cmp eax, 0x50
    je .stay
    report_eax
    pop eax
    report_eax
.skip:
    add dword [esp], 16
    and dword [esp], ~15
    and dword [esp + 8], ~0x4000
    iret
.stay:
    mov ecx, ss
    mov ds, ecx
    mov es, ecx
    pop ecx
    add esp, 16
    push dword 0x202
    push dword LEGACY_CODE_32
    push ecx
    iret
    legacy_tables

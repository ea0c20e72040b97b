; Returns to CPL 3 by IRETQ and RETFQ: FS and GS with a segment of CPL 0 become null and keep their
; base, with one of CPL 3 they are kept whole. DS and ES become null. A null selector becomes 0.
%include "common.inc"
%include "report.inc"
FS_BASE equ 0xc0000100
GS_BASE equ 0xc0000101
    bits 64
    org 0x10000
    load_tables

; %1 the selector of FS and GS
%macro set_bases 1
    mov eax, %1
    mov fs, ax
    push rax
    pop gs
    mov eax, DATA_0
    mov ds, ax
    mov es, ax
    mov ecx, FS_BASE
    mov eax, 0x456000
    mov edx, 0x7f
    wrmsr
    mov ecx, GS_BASE
    mov eax, 0x123000
    wrmsr
%endmacro

%macro report_segments 0
    mov eax, fs
    report_eax
    mov eax, gs
    report_eax
    mov eax, ds
    report_eax
    rdfsbase rax
    report_eax
    rdgsbase rax
    report_eax
    shr rax, 32
    report_eax
%endmacro

    set_bases DATA_0
    enter_user .by_iret, 0x3202   ; With access to ports.
.by_iret:
    report_segments
    mov ebx, .second
    int 0x40
.second:
    set_bases DATA_0
    push 0x3002
    popfq
    push DATA_3 | 3
    push STACK_3 - 16
    push 0                      ; Parameters, on both stacks.
    push 0
    push CODE_3 | 3
    push .by_retf
    retfq 16
.by_retf:
    report esp                  ; STACK_3
    report_segments
    mov ebx, .third
    int 0x40
.third:
    set_bases DATA_3 | 3
    enter_user .kept, 0x3202
.kept:
    report_segments
    mov ebx, .fourth
    int 0x40
.fourth:
    set_bases 0
    enter_user .null, 0x3202
.null:
    report_segments
    mov ebx, .fifth
    int 0x40
.fifth:
    set_bases 1                 ; Null as well.
    mov eax, 3
    mov ds, ax
    mov es, ax
    enter_user .marked, 0x3202
.marked:
    report_segments
    mov eax, DATA_0
    mov fs, ax                  ; Refused, as is a stack segment that is null, or the kernel's.
    mov gs, ax
    hlt

on_vector:
    cmp eax, 0x40
    je .go_on
    report_eax
    pop rax
    report_eax
    add qword [rsp], 2
    iretq
.go_on:
    mov esp, STACK_0
    jmp rbx
    tables

; Events in real mode, through the vector table at 0: the frame's three words and what the handler
; starts with.
%include "report.inc"
    bits 16
    org REAL_BASE
    jmp 0:begin
begin:
    xor di, di
.fill:
    mov word [di], handler
    mov word [di + 2], 0
    add di, 4
    cmp di, 0x400
    jne .fill
    mov word [0x40 * 4], other - 0x100  ; The same memory by another CS.
    mov word [0x40 * 4 + 2], 0x10
    mov esp, 0xabcd0002                 ; The frame wraps around within 64 KiB.
    sti
    int 0x40
after_40:
    report esp
    mov esp, 0x7000
    mov word [0], handler               ; Where the wrapped frame was.
    mov bx, after_3
    mov si, 0x0003
    int3
after_3:
    mov bx, after_4
    mov si, 0x0004
    mov al, 0x7f
    inc al
    into
after_4:
    mov bx, divide                      ; A fault leads to the instruction itself.
    mov cx, after_divide
    xor dx, dx
divide:
    div dx
after_divide:
    mov bx, invalid
    mov cx, after_invalid
invalid:
    ud2
after_invalid:
    mov bx, after_icebp
    xor cx, cx
    db 0xf1
after_icebp:
    ; The client answers this report with an interrupt.
    mov bx, external
    report 0x700d
external:
    ; With a table that ends before its vector, INT 0x41 is a #GP, without an error code.
    lidt [short_table]
    mov bx, beyond
    mov cx, after_beyond
beyond:
    int 0x41
after_beyond:
    report 0x700e
    lidt [no_table]
last:
    int 0x41
short_table:
    dw 0x41 * 4 + 2, 0, 0
no_table:
    dw 0, 0, 0

other:
    mov bp, sp
    xor eax, eax
    mov ax, cs
    report_eax                          ; 0x10
    mov eax, esp
    report_eax                          ; 0xabcdfffc
    movzx eax, word [0xfffc]
    sub eax, after_40
    report_eax                          ; 0
    movzx eax, word [0xfffe]
    report_eax                          ; CS: 0
    movzx eax, word [0]
    and eax, 0x200
    report_eax                          ; Interrupts were on.
    pushfd
    pop eax
    and eax, 0x200
    report_eax                          ; Now they are off.
    iret
; Reports whether IP is BX, and goes on at CX unless that is 0.
handler:
    mov bp, sp
    xor eax, eax
    mov ax, [bp]
    sub ax, bx
    report_eax
    mov ax, [bp + 2]
    report_eax
    jcxz .return
    mov [bp], cx
.return:
    xor cx, cx
    iret

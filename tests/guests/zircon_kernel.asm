; SPDX-License-Identifier: MIT
;
; A Zircon boot image whose kernel walks the image that it was handed in RSI: it prints each item's
; type, a space and its length in hexadecimal to the serial port, then the words of each command
; line, and turns the VM off. The test adds items and damages it.

bits 64
org 0x100000

image:
    dd 'BOOT', end - kernel, 0x868cf7e6, 0x00010000, 0, 0, 0xb5781729, 0x4a87e8d6
kernel:
    dd 'KRNL', end - entries, 0, 0x00010000, 0, 0, 0xb5781729, 0x4a87e8d6
entries:
    dq start, 0x20000

start:
    mov rsp, stack
    cmp dword [rsi + 8], 0x868cf7e6
    jne off
    mov r12d, [rsi + 4]                 ; What is left of the items.
    lea rbx, [rsi + 32]
next:
    test r12, r12
    jz off
    mov ecx, 4
    mov rsi, rbx
    call print                          ; The type, as four characters.
    mov al, ' '
    call put
    mov edi, [rbx + 4]
    call print_number
    cmp dword [rbx], 'CMDL'
    jne .no_words
    mov al, ' '
    call put
    lea rsi, [rbx + 32]
    mov ecx, [rbx + 4]
    dec ecx                             ; Without the 0.
    call print
.no_words:
    mov al, 10
    call put
    mov eax, [rbx + 4]
    add eax, 32 + 7
    and eax, ~7
    add rbx, rax
    sub r12, rax
    jmp next

off:
    mov dx, 0x600
    mov al, 0x34
    out dx, al
    hlt

put:                                    ; AL
    mov dx, 0x3f8
    out dx, al
    ret

print:                                  ; ECX bytes at RSI
    jecxz .done
    lodsb
    call put
    dec ecx
    jmp print
.done:
    ret

print_number:                           ; EDI
    mov ecx, 8
.digit:
    rol edi, 4
    mov eax, edi
    and eax, 15
    cmp al, 10
    sbb ah, ah
    and ah, 'a' - 10 - '0'
    add al, 'a' - 10
    sub al, ah
    call put
    dec ecx
    jnz .digit
    ret

align 8
    times 64 db 0
stack:
end:

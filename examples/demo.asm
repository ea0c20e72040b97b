; SPDX-License-Identifier: MIT
;
; The demonstration guest: one of each thing that a guest can want from its VMM. It prints through
; a serial port, asks CPUID who the hypervisor is, reads a device's register, rings the device's
; doorbell, sleeps until the device's interrupt comes, and ends. It is a flat binary, so what it
; finds at its entry is what hypervisor ABI 4 says of a boot processor, plus the page tables that
; the VMM has put at guest-physical 0 and that map the low 4 GiB to themselves.
;
; Run by examples/vmm.c, or by the tool:
;   zirconia run demo.bin --trace --serial 0x3f8 --bell 0xe0000000 --trap-mem 0xe0001000
; The tool has no device behind the trap and answers the read with 0. The guest then sends itself
; the interrupt that it is about to wait for.

        bits 64
        org 0x100000

SERIAL           equ 0x3f8          ; data register of a 16550
EXIT_PORT        equ 0xf4           ; 0 says that all went well
DOORBELL         equ 0xe0000000     ; a store of anything rings
DEVICE_VECTOR    equ 0xe0001000     ; the vector of the device's interrupt, 0 without a device
VECTOR           equ 32             ; the one that the table below has a gate for
CODE_SELECTOR    equ 8
STACK_TOP        equ 0x110000
X2APIC_EOI       equ 0x80b
X2APIC_SELF_IPI  equ 0x83f

start:
        mov     esp, STACK_TOP
        lgdt    [rel gdt_pointer]
        lidt    [rel idt_pointer]
        push    CODE_SELECTOR           ; CS comes without a selector, which IRETQ needs
        lea     rax, [rel .selected]
        push    rax
        retfq
.selected:
        lea     rsi, [rel hello]
        call    print

; CPUID's hypervisor leaf names it in EBX, ECX and EDX.
        mov     eax, 0x40000000
        cpuid
        mov     [rel signature], ebx
        mov     [rel signature + 4], ecx
        mov     [rel signature + 8], edx
        lea     rsi, [rel hypervisor]
        call    print
        lea     rsi, [rel signature]
        call    print
        call    newline

; A memory trap. The VMM learns the address, and has to find out from the instruction that one byte
; is wanted and that it goes to EAX, extended with zeros.
        mov     edi, DEVICE_VECTOR
        movzx   eax, byte [rdi]
        mov     ebx, eax
        lea     rsi, [rel device]
        call    print
        mov     eax, ebx
        call    print_byte
        call    newline
        test    ebx, ebx
        jz      ring
        cmp     ebx, VECTOR
        jne     fail

; A bell trap. The guest does not wait for whoever listens at the port.
ring:
        mov     edi, DOORBELL
        mov     dword [rdi], 1

        test    ebx, ebx
        jnz     wait_for_interrupt
        mov     ecx, X2APIC_SELF_IPI
        mov     eax, VECTOR
        xor     edx, edx
        wrmsr

; Interrupts are still off, so the interrupt cannot come between the test and HLT and be missed:
; STI takes effect only after the instruction that follows it.
wait_for_interrupt:
        cmp     dword [rel interrupts], 0
        jne     awake
        sti
        hlt
        cli
        jmp     wait_for_interrupt

awake:
        lea     rsi, [rel woken]
        call    print
        mov     al, [rel interrupts]
        call    print_byte
        call    newline
        xor     eax, eax
        jmp     end
fail:
        mov     eax, 1
end:
        out     EXIT_PORT, al
        hlt                             ; the VMM does not come back here
        jmp     end

; Counts the interrupts, and acknowledges them as a real local APIC would want.
interrupt_handler:
        push    rax
        push    rcx
        push    rdx
        inc     dword [rel interrupts]
        mov     ecx, X2APIC_EOI
        xor     eax, eax
        xor     edx, edx
        wrmsr
        pop     rdx
        pop     rcx
        pop     rax
        iretq

; print: the text at RSI, to its terminating zero. Changes AL, DX, RSI.
print:
        mov     dx, SERIAL
.next:
        lodsb
        test    al, al
        jz      .done
        out     dx, al
        jmp     .next
.done:
        ret

; print_byte: AL as two hexadecimal digits. Changes EAX, ECX, DX.
print_byte:
        mov     dx, SERIAL
        movzx   ecx, al
        shr     ecx, 4
        call    .digit
        movzx   ecx, al
        and     ecx, 15
.digit:
        push    rax
        lea     rax, [rel digits]
        mov     al, [rax + rcx]
        out     dx, al
        pop     rax
        ret

; newline: changes AL, DX.
newline:
        mov     dx, SERIAL
        mov     al, 10
        out     dx, al
        ret

hello:          db "Hello from long mode.", 10, 0
hypervisor:     db "Hypervisor: ", 0
device:         db "The device's vector: 0x", 0
woken:          db "Interrupts taken: 0x", 0
digits:         db "0123456789abcdef"

                align 8, db 0
gdt:
        dq      0
        dq      0x00209b0000000000      ; CODE_SELECTOR: 64-bit code
gdt_pointer:
        dw      $ - gdt - 1
        dq      gdt

; Every gate but the last is empty: an exception here is a bug, and ends in a triple fault.
                align 8, db 0
HANDLER         equ interrupt_handler - $$ + 0x100000
idt:
        times VECTOR dq 0, 0
        dw      HANDLER & 0xffff, CODE_SELECTOR
        dw      0x8e00, HANDLER >> 16   ; present, interrupt gate
        dq      0
idt_pointer:
        dw      $ - idt - 1
        dq      idt

; Not in the image but behind it, where memory is zero, and on another page than the code.
        section .bss align=4096
signature:      resb 13                 ; with its terminating zero
                alignb 4
interrupts:     resd 1

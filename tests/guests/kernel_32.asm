; SPDX-License-Identifier: MIT
;
; A bzImage without a 64-bit entry. It prints its command line, "paged" for each of the two forms of
; 32-bit paging in which it can read the I/O APIC's version, and then answers keys: 'o' turns the VM
; off, 'r' resets it, 't' has its local APIC interrupt it, once by its command and three times by its
; timer, and any other comes back.

%define BASE 0x100000
%define VERSION (23 << 16 | 0x11)

bits 16
org 0
    times 0x1f1 db 0
    db 1                                ; Sectors of setup code behind the first.
    times 0x1fe - ($ - $$) db 0
    dw 0xaa55
    db 0xeb, 0x66                       ; The header goes on to 0x268.
    db 'HdrS'
    dw 0x20b                            ; Without a word on 64-bit entries.
    times 0x22c - ($ - $$) db 0
    dd 0x37ffffff
    times 0x258 - ($ - $$) db 0
    dq BASE
    dd 0x10000
    times 0x400 - ($ - $$) db 0

bits 32
%define at(label) (BASE + label - start)
%define TABLES 0x200000
start:
    mov esp, BASE + 0x10000
    mov eax, cr0
    test eax, eax
    js off                              ; Paging is to be off.
    cmp dword [esi + 0x202], 'HdrS'
    jne off
    mov esi, [esi + 0x228]
    call print

    ; Two levels, with pages of 4 MiB that map everything to itself.
    mov edi, TABLES
    mov eax, 0x83
.two:
    stosd
    add eax, 0x400000
    jnc .two
    mov eax, 0x10                       ; PSE
    call read_paged
    ; Three levels, with pages of 2 MiB.
    mov edi, TABLES + 0x1000
    mov eax, 0x83
.three:
    stosd
    mov dword [edi], 0
    add edi, 4
    add eax, 0x200000
    jnc .three
    mov edi, TABLES
    mov eax, TABLES + 0x1001
    mov ecx, 4
.pointers:
    stosd
    mov dword [edi], 0
    add edi, 4
    add eax, 0x1000
    loop .pointers
    mov eax, 0x20                       ; PAE
    call read_paged

keys:
    mov dx, 0x3fd
.wait:
    in al, dx
    test al, 1
    jz .wait
    mov dx, 0x3f8
    in al, dx
    cmp al, 'o'
    je off
    cmp al, 'r'
    je reset
    cmp al, 't'
    je interrupts
    out dx, al
    jmp keys

%define APIC 0xfee00000
interrupts:
    lgdt [at(gdt_pointer)]
    lidt [at(idt_pointer)]
    cmp dword [APIC + 0x30], 0x60015    ; The version.
    jne off
    mov dword [APIC + 0x300], 0x40040   ; To this processor.
    mov al, 1
    call wait_for
    mov dword [APIC + 0x3e0], 11        ; Count nanoseconds.
    mov dword [APIC + 0x320], 0x20040   ; Periodic.
    mov dword [APIC + 0x380], 1000000
    mov eax, [APIC + 0x390]
    dec eax
    cmp eax, 1000000                    ; It counts down.
    jae off
    mov al, 4
    call wait_for
    mov dword [APIC + 0x380], 0
    mov esi, at(interrupted)
    call print
    jmp keys

wait_for:                               ; At least as many interrupts as AL says.
    sti
    hlt
    cli
    cmp [at(taken)], al
    jb wait_for
    ret

take:
    inc byte [at(taken)]
    mov dword [APIC + 0xb0], 0          ; Its end.
    iret

off:
    mov dx, 0x600
    mov al, 0x34
    out dx, al
    hlt
reset:
    mov dx, 0x602
    mov al, 0x55
    out dx, al
    hlt

read_paged:                             ; EAX is CR4.
    mov cr4, eax
    mov eax, TABLES
    mov cr3, eax
    mov eax, cr0
    or eax, 0x80000000
    mov cr0, eax
    mov dword [0xfec00000], 1
    mov ebx, [0xfec00010]
    and eax, 0x7fffffff
    mov cr0, eax
    cmp ebx, VERSION
    jne off
    mov esi, at(paged)
print:                                  ; ESI, and a newline
    mov dx, 0x3f8
.next:
    lodsb
    test al, al
    jz .end
    out dx, al
    jmp .next
.end:
    mov al, 10
    out dx, al
    ret

paged: db 'paged', 0
interrupted: db 'interrupted', 0
taken: db 0
align 8
gdt: dq 0, 0, 0x00cf9b000000ffff, 0x00cf93000000ffff
gdt_pointer:
    dw $ - gdt - 1
    dd at(gdt)
idt_pointer:
    dw 0x41 * 8 - 1
    dd at(idt)
align 8
idt:
    times 0x40 dq 0
    dw at(take) & 0xffff, 0x10, 0x8e00, BASE >> 16
    times 0xa00 - ($ - $$) db 0

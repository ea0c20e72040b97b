; Programs that strain what the engine trusts; tests/test_hazards.c has the list. A program that has
; `carry_on` in R15 goes on there after an exception, with its vector in RAX and its error code in
; R8; the others end with it, and with RFLAGS of the frame in R11. One that comes to its end has RAX = -1.
%include "common.inc"
ALIAS_PT   equ 0x400000     ; Tables that lead every address to one page.
ALIAS_PD   equ 0x401000
ALIAS_PDPT equ 0x402000
ALIAS_PML4 equ 0x403000     ; The first 512 GiB stay as they are.
ALIAS_PAGE equ 0x500000
ALIASES    equ 0x8000000000
HOLE       equ 0x20000000   ; Nothing is mapped there.
SCRATCH    equ 0x300000
NOT_CANONICAL equ 0x0000800000000000

%macro fill 2
    mov edi, %1
    mov eax, %2 | 7
    mov ecx, 512
    rep stosq
%endmacro

%macro map_aliases 0
    cld
    fill ALIAS_PT, ALIAS_PAGE
    fill ALIAS_PD, ALIAS_PT
    fill ALIAS_PDPT, ALIAS_PD
    fill ALIAS_PML4, ALIAS_PDPT
    mov rax, [abs 0]
    mov [abs ALIAS_PML4], rax
    mov eax, ALIAS_PML4
    mov cr3, rax
%endmacro

%macro finish 0
    mov rax, -1
    done
%endmacro

    bits 64
    org 0x10000
start:
    mov r14, rsi
    xor r15d, r15d
    load_tables
    mov rsi, r14
    select_case jump_to_itself, loop_to_itself, count_is_zero, jump_by_register, load_stack, \
        allow_interrupts, pause_for_ever, locked, reload_tables, forget_page, store_bytes, \
        move_words, compare_bytes, scan_bytes, load_down, store_32, save_state, \
        save_unaligned, save_not_canonical, save_legacy_unaligned, restore_unknown, \
        restore_compacted, restore_reserved, exchange_unaligned, jump_not_canonical, \
        end_of_canonical, end_of_space, table_not_canonical, selectors, floating_point, shifts, \
        reserved_bits, table_in_hole, root_in_hole, root_too_high, table_of_itself, \
        table_in_trap, operand_at_end, floating_wait, stale_flags, \
        first_stores
    bits 64

; --- Without end: a kick stops them ---
jump_to_itself:
    jmp $
loop_to_itself:
    mov rcx, -1
    loop $
    jmp loop_to_itself
count_is_zero:
    xor ecx, ecx
    jrcxz $
jump_by_register:
    mov eax, .again
.again:
    jmp rax
load_stack:
    mov eax, DATA_0
.again:
    mov ss, eax
    jmp .again
allow_interrupts:
    sti
    jmp allow_interrupts
pause_for_ever:
    pause
    jmp pause_for_ever
locked:
    lock inc qword [abs SCRATCH]
    jmp locked
reload_tables:
    mov rax, cr3
    mov cr3, rax
    jmp reload_tables
forget_page:
    invlpg [abs SCRATCH]
    jmp forget_page
store_bytes:
    map_aliases
    mov rdi, ALIASES
    mov rcx, 1 << 63
    rep stosb
    jmp $
move_words:
    map_aliases
    mov rdi, ALIASES
    mov rsi, ALIASES
    mov rcx, -1
    rep movsq
    jmp $
compare_bytes:
    map_aliases
    mov rdi, ALIASES
    mov rsi, ALIASES
    mov rcx, -1
    repe cmpsb
    jmp $
scan_bytes:
    map_aliases
    mov rdi, ALIASES
    mov rcx, -1
    mov al, 1
    repne scasb
    jmp $
load_down:
    map_aliases
    mov rsi, NOT_CANONICAL - 8
    mov rcx, -1
    std
    rep lodsq
    jmp $
store_32:
    map_aliases
    mov rax, ALIAS_PDPT | 7
    mov rcx, [abs 0x1000]       ; The first GiB stays, what follows in 4 GiB is one page.
    mov [abs ALIAS_PDPT], rcx
    mov [abs ALIAS_PML4], rax
    mov rax, cr3
    mov cr3, rax
.again:
    mov edi, 0x40000000
    mov ecx, 0x20000000
    a32 rep stosd
    jmp .again
save_state:
    mov eax, 3
    xor edx, edx
    xsave [abs SCRATCH]
    xrstor [abs SCRATCH]
    jmp save_state

; --- One exception ---
save_unaligned:
    mov eax, 3
    xor edx, edx
    xsave [abs SCRATCH + 32]
    finish
save_not_canonical:
    mov rbx, NOT_CANONICAL
    mov eax, 3
    xor edx, edx
    xsave [rbx]
    finish
save_legacy_unaligned:
    fxsave [abs SCRATCH + 8]
    finish
restore_unknown:                ; AVX, which XCR0 does not have.
    mov qword [abs SCRATCH + 512], 4
    jmp restore
restore_compacted:
    mov rax, 1 << 63
    mov [abs SCRATCH + 520], rax
    jmp restore
restore_reserved:
    mov qword [abs SCRATCH + 528], 1
restore:
    mov eax, 7
    xor edx, edx
    xrstor [abs SCRATCH]
    finish
exchange_unaligned:
    cmpxchg16b [abs SCRATCH + 8]
    finish
jump_not_canonical:
    mov rax, NOT_CANONICAL
    jmp rax
end_of_canonical:
    map_aliases
    mov word [abs ALIAS_PAGE + 0xffe], 0xb848   ; The start of MOV RAX, imm64.
    mov rax, NOT_CANONICAL - 2
    jmp rax
end_of_space:
    map_aliases
    mov word [abs ALIAS_PAGE + 0xffe], 0xb848
    mov rax, -2
    jmp rax
table_not_canonical:
    mov word [abs SCRATCH], 0xffff
    mov rax, NOT_CANONICAL
    mov [abs SCRATCH + 2], rax
    lgdt [abs SCRATCH]
    mov eax, 0x1238
    mov ds, eax
    finish
floating_wait:                  ; An unmasked exception that is pending already.
    mov rax, cr0
    or eax, 1 << 5
    mov cr0, rax
    mov edi, SCRATCH
    mov eax, -1
    mov ecx, 7
    rep stosd
    mov word [abs SCRATCH], 0
    fldenv [abs SCRATCH]
    fwait
    finish

stale_flags:                    ; From CPL 3, IOPL and VM by way of a shift, then an access to a port.
    enter_user .user
.user:
    mov [abs SCRATCH], eax      ; What follows is one block, without an exit for the page.
    mov eax, 0x23000
    shl eax, 1
    cmpxchg8b [abs SCRATCH]
    out 0x80, al
    ud2

; --- Memory that is not there ---
%macro read_aliases 0
    mov rax, cr3
    mov cr3, rax
    mov rbx, ALIASES
    mov rax, [rbx]
    finish
%endmacro

table_in_hole:
    map_aliases
    mov qword [abs ALIAS_PML4 + 8], HOLE | 7
    read_aliases
root_in_hole:
    mov eax, HOLE
    mov cr3, rax
    finish
root_too_high:
    mov rax, cr3
    bts rax, 47
    mov cr3, rax
    finish
table_in_trap:
    map_aliases
    mov qword [abs ALIAS_PML4 + 8], EXIT_PAGE | 7
    read_aliases
table_of_itself:                ; Every level of it, and the page, are the table of level 4.
    map_aliases
    mov qword [abs ALIAS_PML4 + 8], ALIAS_PML4 | 7
    mov rax, cr3
    mov cr3, rax
    mov rbx, ALIASES | 1 << 30 | 1 << 21 | 1 << 12
    lock inc qword [rbx + 0x800]
    mov rbx, [rbx + 8]
    and ebx, ~0xff8             ; Accessed and dirty may be set.
    finish
operand_at_end:                 ; The last bytes of the space and the first.
    map_aliases
    mov rbx, -4
    mov rax, 0x1122334455667788
    mov [rbx], rax
    mov rax, [rbx]
    movups xmm0, [rbx]
    finish

; --- All of a kind ---
; The first store through an entry of the TLB, which Unicorn looks at: by each kind of instruction,
; at addresses that no physical memory has.
%macro first_store 1+
    add rbx, 0x1000
    %1
%endmacro

first_stores:
    map_aliases
    mov rbx, 0xffff900000000000
    mov eax, 3                  ; What XSAVE is to store.
    xor edx, edx
    first_store lock inc byte [rbx]
    first_store lock dec word [rbx]
    first_store lock add dword [rbx], eax
    first_store lock sbb [rbx], rax
    first_store lock not qword [rbx]
    first_store lock neg qword [rbx]
    first_store lock bts qword [rbx], 5
    first_store lock xadd [rbx], ecx
    first_store lock cmpxchg [rbx], rcx
    first_store lock cmpxchg8b [rbx]
    first_store lock cmpxchg16b [rbx]
    first_store xchg [rbx], cl
    first_store xadd [rbx], rcx
    first_store cmpxchg [rbx], cx
    first_store cmpxchg8b [rbx]
    first_store cmpxchg16b [rbx]
    first_store add [rbx], al
    first_store shl qword [rbx], cl
    first_store movnti [rbx], rax
    first_store movups [rbx], xmm0
    first_store movlps [rbx], xmm0
    first_store pextrb [rbx], xmm0, 1
    first_store fstp tword [rbx]
    first_store fbstp [rbx]
    first_store fnstcw [rbx]
    first_store fnsave [rbx]
    mov eax, 3
    xor edx, edx
    first_store fxsave [rbx]
    first_store xsave [rbx]
    first_store sgdt [rbx]
    first_store sldt [rbx]
    first_store mov rdi, rbx
    stosd
    first_store mov rdi, rbx
    maskmovdqu xmm1, xmm1
    first_store lea rsp, [rbx + 0x100]
    pushfq
    first_store lea rsp, [rbx + 0x100]
    call .called
.called:
    first_store lea rsp, [rbx + 0x100]
    enter 8, 3
    mov esp, STACK_0
    finish

carry_on:
    mov r14d, eax
    jmp r15

; LAR, LSL, VERR, VERW and MOV to ES with every selector of a table of every descriptor.
selectors:
    mov edi, SCRATCH
    xor ecx, ecx
.descriptor:                    ; Types and privileges in turn, limits with all bits.
    mov eax, -1
    stosd
    mov eax, ecx
    shl eax, 8
    or eax, 0xff0000ff
    stosd
    inc ecx
    cmp ecx, 0x2000
    jne .descriptor
    mov esi, table_gdt          ; Exceptions need the descriptors of this program.
    mov edi, SCRATCH
    mov ecx, table_gdt_pointer - table_gdt
    rep movsb
    mov word [abs SCRATCH + 0x20000], 0xffff
    mov qword [abs SCRATCH + 0x20002], SCRATCH
    lgdt [abs SCRATCH + 0x20000]
    mov r15d, .refused
    mov ebp, 0x10000
.selector:
    dec ebp
    lar eax, ebp
    lsl eax, ebp
    verr bp
    verw bp
    mov es, ebp
.loaded:
    test ebp, ebp
    jnz .selector
    finish
.refused:
    mov esp, STACK_0
    jmp .loaded

; Every x87 instruction on registers, and those that take digits, on odd contents. What is undefined
; is skipped.
floating_point:
    mov r15d, .undefined
    mov edi, SCRATCH
    mov ecx, 0x100
    mov eax, -1
    rep stosd                   ; Digits above 9, and every bit of the tag word.
    mov ebp, 8
.round:
    mov word [abs SCRATCH], 0x37f
    mov ebx, ebp                ; The top of the stack in turn.
    shl ebx, 11
    mov [abs SCRATCH + 4], bx
    frstor [abs SCRATCH]
    fbld [abs SCRATCH + 0x80]
    fbstp [abs SCRATCH + 0x200]
    frstor [abs SCRATCH]
%assign opcode 0xd8
%rep 8
%assign operand 0xc0
%rep 64
    %if !(opcode == 0xdb && operand >= 0xe0 && operand <= 0xe7)
    db opcode, operand
    %endif
    %if operand % 8 == 7
    jmp $ + 2
    %endif
%assign operand operand + 1
%endrep
%assign opcode opcode + 1
%endrep
    fnsave [abs SCRATCH + 0x200]
    dec ebp
    jnz .round
    finish
.undefined:
    cmp r14d, 6
    jne failed
    mov esp, STACK_0
    add r9, 2
    jmp r9

shifts:
    mov ecx, 0xff
.count:
    mov rax, 0x8123456789abcdef
    rcl al, cl
    rcr ax, cl
    rcl eax, cl
    rcr rax, cl
    rol ax, cl
    ror al, cl
    shl ax, cl
    sar al, cl
    shld ax, dx, cl
    shrd eax, edx, cl
    shld rax, rdx, cl
    dec ecx
    jns .count
    finish

; A page fault for a reserved bit, of each such bit in each level, by each kind of access.
%macro reserved_access 2+
    mov r15d, %%came
    mov rsi, [rbp]
    mov rdi, rsi
    or rdi, r12
    mov [rbp], rdi
    mov rax, cr3
    mov cr3, rax
    %2
    jmp failed
%%came:
    mov esp, STACK_0
    mov [rbp], rsi
    cmp r14d, 14
    jne failed
    cmp r8, %1
    jne failed
%endmacro

reserved_bits:
    map_aliases
    mov rax, ALIAS_PDPT | 7
    mov [abs ALIAS_PML4 + 8], rax
    mov rbx, ALIASES
    mov r13d, .levels
.level:
    mov rbp, [r13]
    mov ecx, 40                 ; CPUID: 40 bits of physical addresses.
.bit:
    mov r12d, 1
    shl r12, cl
    reserved_access 9, mov rax, [rbx]
    reserved_access 11, mov [rbx], rax
    reserved_access 0x19, jmp rbx
    inc ecx
    cmp ecx, 52
    jne .bit
    add r13d, 8
    cmp r13d, .levels_end
    jne .level
    finish
.levels:
    dq ALIAS_PML4 + 8, ALIAS_PDPT, ALIAS_PD, ALIAS_PT
.levels_end:
failed:
    mov eax, 0x100
    done

on_vector:
    mov r8, -1
    cmp eax, 31
    ja .no_code
    mov r9d, 0x27d00            ; Vectors 8, 10 to 14 and 17 have an error code.
    bt r9d, eax
    jnc .no_code
    pop r8
.no_code:
    mov r9, [rsp]
    mov r11, [rsp + 16]
    test r15d, r15d
    jnz carry_on
    done
    tables

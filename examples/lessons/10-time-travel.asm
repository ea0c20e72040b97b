; SPDX-License-Identifier: MIT
;
; Lesson 10: a lock that breaks after one wrong try, and a VMM that goes back in time.

        bits 64
        org 0x100000

SNAPSHOT        equ 0x80                ; a byte to it: the guest as it is now is kept
RETURNS         equ 0x81                ; how often the VMM went back
TRY             equ 0x82                ; a try
TRIES           equ 0x83                ; what `tries` has come to

start:
; Your code goes here.

        xor     eax, eax
        out     0xf4, al

        align 4096, db 0                ; data on another page than the code
tries:  db      0

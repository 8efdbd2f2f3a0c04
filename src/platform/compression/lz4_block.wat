;; One LZ4 block, decompressed within the memory of this module. The input lies at [$at, $end), the output goes to
;; [$base, $limit); up to 8 bytes behind either may be read and spoiled. The result is how many bytes came out, or -1:
;; the block is malformed, or gives more.
;;
;;     token (4 bits: literals, 4 bits: match - 4) · [more literals: 255, 255, … less] · literals
;;     offset (2, little-endian) · [more match] · next token        -- but behind the last literals, where the block ends
(module
  (memory (export "memory") 1)
  (func (export "decompress")
    (param $at i32) (param $end i32) (param $base i32) (param $limit i32) (result i32)
    (local $to i32) (local $token i32) (local $length i32) (local $byte i32) (local $from i32) (local $stop i32)
    (local.set $to (local.get $base))
    (block $malformed
      (loop $sequence
        (br_if $malformed (i32.ge_u (local.get $at) (local.get $end)))
        (local.set $token (i32.load8_u (local.get $at)))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (local.set $length (i32.shr_u (local.get $token) (i32.const 4)))
        (if (i32.eq (local.get $length) (i32.const 15)) (then
          (loop $more
            (br_if $malformed (i32.ge_u (local.get $at) (local.get $end)))
            (local.set $byte (i32.load8_u (local.get $at)))
            (local.set $at (i32.add (local.get $at) (i32.const 1)))
            (local.set $length (i32.add (local.get $length) (local.get $byte)))
            (br_if $more (i32.eq (local.get $byte) (i32.const 255))))))
        (br_if $malformed (i32.gt_u (local.get $length) (i32.sub (local.get $end) (local.get $at))))
        (br_if $malformed (i32.gt_u (local.get $length) (i32.sub (local.get $limit) (local.get $to))))
        (local.set $from (local.get $at))
        (local.set $at (i32.add (local.get $at) (local.get $length)))
        (local.set $stop (i32.add (local.get $to) (local.get $length)))
        (if (i32.gt_u (local.get $length) (i32.const 64))
          (then (memory.copy (local.get $to) (local.get $from) (local.get $length)))
          (else
            (loop $literals
              (i64.store (local.get $to) (i64.load (local.get $from)))
              (local.set $from (i32.add (local.get $from) (i32.const 8)))
              (local.set $to (i32.add (local.get $to) (i32.const 8)))
              (br_if $literals (i32.lt_u (local.get $to) (local.get $stop))))))
        (local.set $to (local.get $stop))
        (if (i32.eq (local.get $at) (local.get $end))
          (then (return (i32.sub (local.get $to) (local.get $base)))))

        (br_if $malformed (i32.lt_u (i32.sub (local.get $end) (local.get $at)) (i32.const 2)))
        (local.set $byte (i32.load16_u (local.get $at)))
        (local.set $at (i32.add (local.get $at) (i32.const 2)))
        (br_if $malformed (i32.eqz (local.get $byte)))
        (br_if $malformed (i32.gt_u (local.get $byte) (i32.sub (local.get $to) (local.get $base))))
        (local.set $from (i32.sub (local.get $to) (local.get $byte)))
        (local.set $length (i32.add (i32.and (local.get $token) (i32.const 15)) (i32.const 4)))
        (if (i32.eq (local.get $length) (i32.const 19)) (then
          (loop $more
            (br_if $malformed (i32.ge_u (local.get $at) (local.get $end)))
            (local.set $byte (i32.load8_u (local.get $at)))
            (local.set $at (i32.add (local.get $at) (i32.const 1)))
            (local.set $length (i32.add (local.get $length) (local.get $byte)))
            (br_if $more (i32.eq (local.get $byte) (i32.const 255))))))
        (br_if $malformed (i32.gt_u (local.get $length) (i32.sub (local.get $limit) (local.get $to))))
        (local.set $stop (i32.add (local.get $to) (local.get $length)))
        (if (i32.ge_u (i32.sub (local.get $to) (local.get $from)) (i32.const 8))
          (then
            (loop $match
              (i64.store (local.get $to) (i64.load (local.get $from)))
              (local.set $from (i32.add (local.get $from) (i32.const 8)))
              (local.set $to (i32.add (local.get $to) (i32.const 8)))
              (br_if $match (i32.lt_u (local.get $to) (local.get $stop)))))
          (else
            (loop $match
              (i32.store8 (local.get $to) (i32.load8_u (local.get $from)))
              (local.set $from (i32.add (local.get $from) (i32.const 1)))
              (local.set $to (i32.add (local.get $to) (i32.const 1)))
              (br_if $match (i32.lt_u (local.get $to) (local.get $stop))))))
        (local.set $to (local.get $stop))
        (br $sequence)))
    (i32.const -1)))

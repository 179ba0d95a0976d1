// The crate umbral-pre for the comparison: the ten operations of bench/implementations.ts. An input line has the number of an operation and how often to
// call it; the output line has the microseconds of one call. bench/native-peers.ts decides whose turn it is and which results count.
use std::hint::black_box;
use std::io::{stdin, BufRead};
use std::time::Instant;
use umbral_pre::*;

fn main() {
    let plaintext = [7u8; 64];
    let (a, b, w) = (
        SecretKey::random(),
        SecretKey::random(),
        SecretKey::random(),
    );
    let (pa, pb, pw) = (a.public_key(), b.public_key(), w.public_key());
    let signer = Signer::new(w);
    let (capsule, ciphertext) = encrypt(&pa, &plaintext).unwrap();
    let capsule_bytes = capsule.to_bytes().unwrap();
    let split =
        |threshold, shares| generate_kfrags(&a, &pb, &signer, threshold, shares, true, true);
    let cfrags = |threshold, shares| -> Vec<VerifiedCapsuleFrag> {
        let kfrags = split(threshold, shares).into_vec().into_iter();
        kfrags
            .take(threshold)
            .map(|kfrag| reencrypt(&capsule, kfrag))
            .collect()
    };
    let kfrag = split(1, 1)[0].clone();
    let kfrag_bytes = kfrag.to_bytes().unwrap();
    let (one, three) = (cfrags(1, 1), cfrags(3, 5));
    let cfrag_bytes = one[0].to_bytes().unwrap();

    // If an operation takes an argument by value, the argument is copied first, as a caller must do that needs it again.
    let encrypt_64 = || drop(black_box(encrypt(&pa, &plaintext).unwrap()));
    let parse_capsule = || drop(black_box(Capsule::from_bytes(&capsule_bytes).unwrap()));
    let decrypt = || {
        drop(black_box(
            decrypt_original(&a, &capsule, &ciphertext).unwrap(),
        ))
    };
    let kfrags_1_1 = || drop(black_box(split(1, 1)));
    let kfrags_3_5 = || drop(black_box(split(3, 5)));
    let verify_kfrag = || {
        let kfrag = KeyFrag::from_bytes(&kfrag_bytes).unwrap();
        drop(black_box(kfrag.verify(&pw, Some(&pa), Some(&pb)).unwrap()))
    };
    let reencrypt_one = || drop(black_box(reencrypt(&capsule, kfrag.clone())));
    let verify_cfrag = || {
        let cfrag = CapsuleFrag::from_bytes(&cfrag_bytes).unwrap();
        drop(black_box(cfrag.verify(&capsule, &pw, &pa, &pb).unwrap()))
    };
    let open = |cfrags: &[VerifiedCapsuleFrag]| {
        decrypt_reencrypted(&b, &pa, &capsule, cfrags.to_vec(), &ciphertext)
    };
    let open_1_1 = || drop(black_box(open(&one).unwrap()));
    let open_3_5 = || drop(black_box(open(&three).unwrap()));

    let operations: [&dyn Fn(); 10] = [
        &encrypt_64,
        &parse_capsule,
        &decrypt,
        &kfrags_1_1,
        &kfrags_3_5,
        &verify_kfrag,
        &reencrypt_one,
        &verify_cfrag,
        &open_1_1,
        &open_3_5,
    ];
    for line in stdin().lock().lines().map(Result::unwrap) {
        let (operation, calls) = line.split_once(' ').unwrap();
        let (operation, calls): (usize, u32) = (operation.parse().unwrap(), calls.parse().unwrap());
        let start = Instant::now();
        for _ in 0..calls {
            operations[operation]();
        }
        println!("{}", start.elapsed().as_secs_f64() * 1e6 / f64::from(calls));
    }
}

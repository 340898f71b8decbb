// Alice has a coin on one chain, Bob one on another, and they swap without trusting each other: each coin lies with a group of both, and one secret opens both
// ways out. With a development stack running (./keymeld up):
//   dotnet run --project samples/AtomicSwap -- http://127.0.0.1:8090 data/devkit/nsm/root.pem
// (On real chains each also has a refund signed beforehand that is valid after a time; Alice's coin must be locked for longer than Bob's.)
using System.Security.Cryptography.X509Certificates;
using KeyMeld.Attestation;
using KeyMeld.Client;
using KeyMeld.Samples;
using KeyMeld.Secp256k1;

if (args is not [var gatewayUrl, var rootPath])
{
    Console.Error.WriteLine("usage: AtomicSwap GATEWAY-URL DEVELOPMENT-ROOT.pem");
    return 2;
}

var policy = new AttestationPolicy.Development(X509CertificateLoader.LoadCertificateFromFile(rootPath));
var folder = Directory.CreateTempSubdirectory("keymeld-swap-").FullName;
try
{
    using var alice = new Person("Alice", folder, new Uri(gatewayUrl), policy);
    using var bob = new Person("Bob", folder, new Uri(gatewayUrl), policy);
    var (red, blue) = (new Chain("red chain"), new Chain("blue chain"));
    var ofAlice = await Person.FormAsync("Alice's coin on red", [alice, bob]);
    var ofBob = await Person.FormAsync("Bob's coin on blue", [bob, alice]);
    var toBob = "Alice's coin goes to Bob"u8.ToArray();
    var toAlice = "Bob's coin goes to Alice"u8.ToArray();

    // Alice draws the secret and tells Bob its point. Nobody puts a coin in before both hold both pre-signatures.
    using var secret = SecretKey.Generate();
    var adaptor = Adaptor.Of(secret.PublicKey);
    var onRed = await Person.SignAsync(ofAlice, [bob, alice], SigningContent.FromBytes(toBob) with { Adaptor = adaptor });
    var onBlue = await Person.SignAsync(ofBob, [alice, bob], SigningContent.FromBytes(toAlice) with { Adaptor = adaptor });
    var (bobs, alices) = (onRed[0].PreSignatures[0], onBlue[0].PreSignatures[0]);
    Console.WriteLine($"both hold pre-signatures for {secret.PublicKey}");

    // Alice completes hers and takes Bob's coin; the signature on the blue chain tells Bob the secret, with which he completes his and takes Alice's.
    blue.Publish(toAlice, ofBob.OutputKey, alices.Adapt(secret));
    if (!onBlue[1].PreSignatures[0].TryExtract(blue.Look(ofBob.OutputKey), out var learnt))
    {
        throw new InvalidOperationException("The published signature was not made of the pre-signature.");
    }
    using (learnt)
    {
        red.Publish(toBob, ofAlice.OutputKey, bobs.Adapt(learnt));
    }
    return 0;
}
finally
{
    Directory.Delete(folder, recursive: true);
}

// Two people, one signature (MuSig2), with keys in the clear only inside attested enclaves. With a development stack running (./keymeld up):
//   dotnet run --project samples/TwoOfTwo -- http://127.0.0.1:8090 data/devkit/nsm/root.pem
using System.Security.Cryptography.X509Certificates;
using KeyMeld.Attestation;
using KeyMeld.Client;
using KeyMeld.Protocol.Invitations;

if (args is not [var gatewayUrl, var rootPath])
{
    Console.Error.WriteLine("usage: TwoOfTwo GATEWAY-URL DEVELOPMENT-ROOT.pem");
    return 2;
}

// Whom to trust. In production: new AttestationPolicy.Production([new Release(pcr0, pcr1, pcr2, kmsKeyArn)]), and an https gateway.
var policy = new AttestationPolicy.Development(X509CertificateLoader.LoadCertificateFromFile(rootPath));
var gateway = new Uri(gatewayUrl);
var folder = Directory.CreateTempSubdirectory("keymeld-two-of-two-").FullName;
try
{
    using var aliceProfile = Profile.Create(Path.Combine(folder, "alice"));
    using var bobProfile = Profile.Create(Path.Combine(folder, "bob"), "a passphrase of Bob's"u8);
    using var alice = KeyMeldClient.Connect(gateway, policy, aliceProfile);
    using var bob = KeyMeldClient.Connect(gateway, policy, bobProfile);

    // Alice creates the group, takes her place, and hands Bob an invitation over a channel of theirs.
    using var created = await alice.Groups.CreateAsync(new GroupPlan { Label = "savings", Participants = [PlannedParticipant.Own(), PlannedParticipant.Invited("Bob")] });
    using (var key = MemberKey.Generate())
    {
        await alice.Groups.JoinAsync(created.Id, key);
    }
    var letter = created.Invitations[0].Invitation.Reveal();

    // Bob reads what he is invited to, and joins with a key of his own.
    using (var invitation = Invitation.Parse(letter))
    using (var offer = await bob.Groups.InspectAsync(invitation))
    using (var key = MemberKey.Generate())
    {
        Console.WriteLine($"Bob joins '{offer.Label}': {offer.Threshold} of {offer.Approvers.Count} must approve, keys at {offer.Enclaves.Count} enclaves.");
        await bob.Groups.JoinAsync(offer, key);
    }

    // Each verifies the group for itself; they compare the fingerprint out of band.
    var group = await alice.Groups.WaitUntilFormedAsync(created.Id);
    var bobs = await bob.Groups.WaitUntilFormedAsync(created.Id);
    Console.WriteLine($"{group.Address(BitcoinNetwork.Regtest)}  fingerprint {group.Fingerprint}  same for both: {bobs.MatchesRoster(group.RosterHash)}");

    // Alice asks, Bob looks and approves, both get the signature, verified.
    var content = "pay ten to Carol"u8.ToArray();
    var reference = await alice.Signings.RequestAsync(group, [SigningContent.FromBytes(content)]);
    await bob.Signings.ApproveAsync(await bob.Signings.ReviewAsync(reference));
    var outcome = await alice.Signings.WaitAsync(reference, TimeSpan.FromMinutes(1));
    Console.WriteLine($"signature {outcome.Signatures[0]}  valid: {SignatureVerification.VerifyContent(group.OutputKey, new MemoryStream(content), outcome.Signatures[0])}");
    return 0;
}
finally
{
    Directory.Delete(folder, recursive: true);
}

using System.Security.Cryptography.X509Certificates;
using System.Text;
using KeyMeld.Attestation;
using KeyMeld.Client;
using KeyMeld.DevKit.Stack;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Invitations;

namespace KeyMeld.Cli.Scenes;

/// <summary>People with a profile each and a group of theirs, as demo, end-to-end check and benchmark play them through the SDK.</summary>
internal sealed class Party
{
    private readonly string folder;
    private readonly TimeSpan patience;

    private Party(string folder, TimeSpan patience, IReadOnlyList<Person> people) => (this.folder, this.patience, People) = (folder, patience, people);

    public IReadOnlyList<Person> People { get; }

    /// <summary>The creator and usual requester.</summary>
    public Person Alice => People[0];

    /// <summary>Alice, Bob and Carol on a stack; the development root is given to them by the one who runs it.</summary>
    public static Party On(DevelopmentStack stack, string folder) => On(stack, folder, ["alice", "bob", "carol"]);

    /// <summary>People of these names on a stack.</summary>
    public static Party On(DevelopmentStack stack, string folder, IEnumerable<string> names) =>
        At(stack.Gateway, () => new AttestationPolicy.Development(X509CertificateLoader.LoadCertificateFromFile(stack.Layout.RootCertificate)), folder, names, stack.Patience);

    /// <summary>People of these names at any gateway.</summary>
    /// <param name="gateway">Where.</param>
    /// <param name="policy">Which enclaves they trust.</param>
    /// <param name="folder">Their profiles.</param>
    /// <param name="names">They.</param>
    /// <param name="patience">How long they wait for anything.</param>
    public static Party At(Uri gateway, Func<AttestationPolicy> policy, string folder, IEnumerable<string> names, TimeSpan patience) =>
        new(folder, patience, [.. names.Select(name => new Person(name, Path.Combine(folder, name), gateway, policy))]);

    /// <summary>Forms a group; nobody is online together with anybody.</summary>
    /// <param name="plan">Everything but the participants.</param>
    /// <param name="join">How each joins.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public async Task<Hash32> FormAsync(Func<IReadOnlyList<PlannedParticipant>, GroupPlan> plan, JoinOptions join, CancellationToken cancellationToken)
    {
        List<string> letters = [];
        var id = await Alice.OnlineAsync(async client =>
        {
            using var created = await client.Groups.CreateAsync(
                plan([PlannedParticipant.Own(), .. People.Skip(1).Select(person => PlannedParticipant.Invited(person.Name))]), cancellationToken);
            using var key = MemberKey.Generate();
            await client.Groups.JoinAsync(created.Id, key, join, cancellationToken);

            // What the creator sends to each over a channel of their own; here, files only this user can read.
            foreach (var issued in created.Invitations)
            {
                var path = Path.Combine(folder, $"{issued.Name}.invitation");
                await using var file = new FileStream(path, new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite });
                await file.WriteAsync(Encoding.ASCII.GetBytes(issued.Invitation.Reveal()), cancellationToken);
                letters.Add(path);
            }
            return created.Id;
        });
        foreach (var (person, letter) in People.Skip(1).Zip(letters))
        {
            await person.OnlineAsync(async client =>
            {
                using var invitation = Invitation.Parse(await File.ReadAllTextAsync(letter, cancellationToken));
                using var offer = await client.Groups.InspectAsync(invitation, cancellationToken);
                using var key = MemberKey.Generate();
                return await client.Groups.JoinAsync(offer, key, join, cancellationToken);
            });
            File.Delete(letter);
        }
        return id;
    }

    /// <summary>Everybody recomputes the group and checks the receipts; all must see the same.</summary>
    public async Task<Group> VerifyAsync(Hash32 id, CancellationToken cancellationToken)
    {
        List<Group> seen = [];
        foreach (var person in People)
        {
            seen.Add(await person.OnlineAsync(client => client.Groups.WaitUntilFormedAsync(id, patience, cancellationToken)));
        }
        Scene.Require(seen.All(group => group.RosterHash == seen[0].RosterHash && group.OutputKey.Equals(seen[0].OutputKey)), "The members see different groups.");
        return seen[0];
    }

    /// <summary>Alice asks, the others look and approve, each verifies the signature. Returns what the approvers saw, and the signature in hex.</summary>
    public async Task<(ItemContent Saw, string Signature)> SignAsync(Hash32 id, byte[] content, string name, CancellationToken cancellationToken)
    {
        var reference = await Alice.OnlineAsync(client => client.Signings.RequestAsync(client.Groups.Load(id), [SigningContent.FromBytes(content, name)], cancellationToken: cancellationToken));
        ItemContent? saw = null;
        foreach (var person in People.Skip(1))
        {
            saw = await person.OnlineAsync(async client =>
            {
                var review = await client.Signings.ReviewAsync(reference, cancellationToken);
                if (!review.IsShown)
                {
                    using var ownCopy = new MemoryStream(content);
                    Scene.Require(review.Match(ownCopy) == 1, "The approver's own copy is not what would be signed.");
                }
                await client.Signings.ApproveAsync(review, cancellationToken: cancellationToken);
                return review.Items[0].Content;
            });
        }
        List<string> signatures = [];
        foreach (var person in People)
        {
            signatures.Add(await person.OnlineAsync(async client =>
            {
                var outcome = await client.Signings.WaitAsync(reference, patience, cancellationToken);
                using var copy = new MemoryStream(content);
                Scene.Require(SignatureVerification.VerifyContent(client.Groups.Load(id).OutputKey, copy, outcome.Signatures[0]), "The signature does not verify.");
                return outcome.Signatures[0].ToString();
            }));
        }
        Scene.Require(signatures.Distinct().Count() == 1, "The members got different signatures.");
        return (saw!, signatures[0]);
    }
}

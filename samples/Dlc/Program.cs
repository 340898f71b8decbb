// A discreet log contract: three people bet on the weather, and an oracle that knows nothing of them decides by its ordinary attestation. With a development stack running (./keymeld up):
//   dotnet run --project samples/Dlc -- http://127.0.0.1:8090 data/devkit/nsm/root.pem
// The stake lies with the group of all. For each outcome they pre-sign, on the oracle's announced point, the transaction that moves it to the winners' subset, and sign the transaction that splits it there.
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using KeyMeld.Attestation;
using KeyMeld.Client;
using KeyMeld.Protocol.Ids;
using KeyMeld.Samples;
using KeyMeld.Secp256k1;

if (args is not [var gatewayUrl, var rootPath])
{
    Console.Error.WriteLine("usage: Dlc GATEWAY-URL DEVELOPMENT-ROOT.pem");
    return 2;
}

string[] outcomes = ["sun", "rain", "snow"];
int[][] winners = [[0, 1], [1, 2], [0, 2]];
var policy = new AttestationPolicy.Development(X509CertificateLoader.LoadCertificateFromFile(rootPath));
var folder = Directory.CreateTempSubdirectory("keymeld-dlc-").FullName;
Person[] people = [.. ((string[])["Alice", "Bob", "Carol"]).Select(name => new Person(name, folder, new Uri(gatewayUrl), policy))];
try
{
    using var oracle = new Oracle();
    var chain = new Chain("chain");
    var announced = oracle.Announce(outcomes);
    var points = outcomes.Select((outcome, i) => AnticipatedSignature.Point(oracle.Key, announced[i], Oracle.Digest(outcome))).ToArray();

    var subsets = winners.Select(places => new PlannedSubset(places) { Id = Id16.Random() }).ToArray();
    var group = await Person.FormAsync("bet on the weather", people, subsets);
    var (moves, splits) = (outcomes.Select((outcome, i) => Text($"{outcome}: the stake goes to {Names(i)}")).ToArray(), outcomes.Select((_, i) => Text($"half each to {Names(i)}")).ToArray());

    // One request: outcome transactions as adaptor items of the whole group, split transactions as plain items of each outcome's subset. Every member sees all of it before approving.
    var outcome = (await Person.SignAsync(group, people,
    [
        .. moves.Select((move, i) => SigningContent.FromBytes(move) with { Adaptor = Adaptor.Of(points[i]) }),
        .. splits.Select((split, i) => SigningContent.FromBytes(split) with { Subset = subsets[i].Id }),
    ]))[2];
    Console.WriteLine($"{outcome.PreSignatures.Count} outcomes pre-signed, {outcome.Items!.OfType<SignedItem.Signed>().Count()} splits signed");

    // It rains. Carol, who won, needs nobody: the oracle's signature is the secret of that outcome's point, and of no other.
    var attestation = oracle.Attest("rain");
    using var secret = AnticipatedSignature.Secret(attestation);
    for (var i = 0; i < outcomes.Length; i++)
    {
        try
        {
            var move = outcome.PreSignatures[i].Adapt(secret);
            chain.Publish(moves[i], group.OutputKey, move);
            var split = (SignedItem.Signed)outcome.Items![outcomes.Length + i];
            chain.Publish(splits[i], split.OutputKey, split.Signature);
        }
        catch (CryptographicException)
        {
            Console.WriteLine($"{outcomes[i]}: stays closed");
        }
    }
    return 0;
}
finally
{
    Array.ForEach(people, person => person.Dispose());
    Directory.Delete(folder, recursive: true);
}

byte[] Text(string transaction) => Encoding.UTF8.GetBytes(transaction);

string Names(int outcome) => string.Join(" and ", winners[outcome].Select(place => people[place].Name));

using KeyMeld.Attestation;
using KeyMeld.Client;

namespace KeyMeld.Samples;

/// <summary>Somebody with a profile of their own, and the steps that every sample has in common.</summary>
internal sealed class Person : IDisposable
{
    private readonly Profile profile;

    public Person(string name, string folder, Uri gateway, AttestationPolicy policy)
    {
        Name = name;
        profile = Profile.Create(Path.Combine(folder, name));
        Client = KeyMeldClient.Connect(gateway, policy, profile);
    }

    public string Name { get; }

    public KeyMeldClient Client { get; }

    /// <summary>Forms a group: the first creates it, the others join by their invitations, each verifies it for themselves.</summary>
    public static async Task<Group> FormAsync(string label, IReadOnlyList<Person> people, IReadOnlyList<PlannedSubset>? subsets = null)
    {
        var plan = new GroupPlan { Label = label, Participants = [PlannedParticipant.Own(), .. people.Skip(1).Select(person => PlannedParticipant.Invited(person.Name))], Subsets = subsets ?? [] };
        using var created = await people[0].Client.Groups.CreateAsync(plan);
        using (var key = MemberKey.Generate())
        {
            await people[0].Client.Groups.JoinAsync(created.Id, key);
        }
        foreach (var (person, issued) in people.Skip(1).Zip(created.Invitations))
        {
            using var offer = await person.Client.Groups.InspectAsync(issued.Invitation);
            using var key = MemberKey.Generate();
            await person.Client.Groups.JoinAsync(offer, key);
        }
        var groups = new List<Group>();
        foreach (var person in people)
        {
            groups.Add(await person.Client.Groups.WaitUntilFormedAsync(created.Id));
        }
        return groups.TrueForAll(group => group.MatchesRoster(groups[0].RosterHash)) ? groups[0] : throw new InvalidOperationException("The members see different groups.");
    }

    /// <summary>The first asks, the others look and approve; each ends with the outcome, verified by themselves.</summary>
    public static async Task<IReadOnlyList<SigningOutcome>> SignAsync(Group group, IReadOnlyList<Person> people, params IReadOnlyList<SigningContent> contents)
    {
        var reference = await people[0].Client.Signings.RequestAsync(people[0].Client.Groups.Load(group.Id), contents);
        foreach (var person in people.Skip(1))
        {
            await person.Client.Signings.ApproveAsync(await person.Client.Signings.ReviewAsync(reference));
        }
        var outcomes = new List<SigningOutcome>();
        foreach (var person in people)
        {
            outcomes.Add((await person.Client.Signings.WaitAsync(reference, TimeSpan.FromMinutes(1))).RequireSigned());
        }
        return outcomes;
    }

    public void Dispose()
    {
        Client.Dispose();
        profile.Dispose();
    }
}

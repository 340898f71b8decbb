using System.Reflection;

namespace KeyMeld.IntegrationTests;

/// <summary>The folder is the trust boundary: read from the assemblies, so that it cannot rot.</summary>
public class ReferenceGraphTests
{
    private static readonly string[] Production = ["KeyMeld.Secp256k1", "KeyMeld.Protocol", "KeyMeld.Attestation", "KeyMeld.Wire", "KeyMeld.Client"];

    [Fact]
    public void Nothing_that_ships_to_production_references_the_development_kit() =>
        Assert.All(Production, name => Assert.DoesNotContain("KeyMeld.DevKit", References(name)));

    [Fact]
    public void The_curve_library_depends_on_no_other_project_and_the_sdk_not_on_the_wire()
    {
        Assert.DoesNotContain(References("KeyMeld.Secp256k1"), name => name.StartsWith("KeyMeld", StringComparison.Ordinal));
        Assert.DoesNotContain("KeyMeld.Wire", References("KeyMeld.Client"));
    }

    [Fact]
    public void The_tools_that_build_images_see_nothing_but_measurements() =>
        Assert.Equal(["KeyMeld.Attestation"], References("KeyMeld.Images").Where(name => name.StartsWith("KeyMeld", StringComparison.Ordinal)));

    private static List<string> References(string assembly) =>
        [.. Assembly.Load(assembly).GetReferencedAssemblies().Select(name => name.Name!)];
}

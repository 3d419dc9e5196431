import edu.anu.spice.Evaluation;
import edu.anu.spice.SceneGraph;
import edu.anu.spice.TupleSet;
import edu.cmu.meteor.aligner.SynonymDictionary;
import edu.cmu.meteor.util.Constants;
import java.io.InputStreamReader;
import java.net.URL;
import java.util.ArrayList;
import java.util.List;
import org.json.simple.JSONArray;
import org.json.simple.parser.JSONParser;

/** The official SPICE of tuples that are given: all but its parser, whose models no package holds.
 *
 * Reads a JSON list of pairs [tuples of the caption, tuples of all references] and prints the F1 of
 * each. Tuples: [object], [object, attribute] or [subject, object, relation].
 */
public class SpiceOfTuples {
    public static void main(String[] arguments) throws Exception {
        String folder = Constants.DEFAULT_SYN_DIR_URL.toString();
        SynonymDictionary synonyms = new SynonymDictionary(
            new URL(folder + "/english.exceptions"),
            new URL(folder + "/english.synsets"),
            new URL(folder + "/english.relations"));
        JSONArray pairs = (JSONArray) new JSONParser().parse(new InputStreamReader(System.in));
        for (Object pair : pairs) {
            List<TupleSet> sides = new ArrayList<>();
            for (Object side : (JSONArray) pair) {
                SceneGraph graph = new SceneGraph(synonyms, true);
                for (Object tuple : (JSONArray) side) {
                    ArrayList<String> words = new ArrayList<>();
                    for (Object word : (JSONArray) tuple) words.add((String) word);
                    graph.addTuple(words);
                }
                sides.add(new TupleSet(graph));
            }
            System.out.println(new Evaluation(sides.get(0), sides.get(1), false, true).f);
        }
    }
}
